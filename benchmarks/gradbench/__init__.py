"""GradBench's twelve problems (github.com/gradbench/gradbench), each written as a user of chainrule writes it, with peers."""

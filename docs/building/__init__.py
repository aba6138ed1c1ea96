"""What MkDocs runs to make the site: pages and pictures that come from the code, the tables and the documents."""

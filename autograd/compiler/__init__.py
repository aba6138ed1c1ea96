"""The compiler: functions on Values as machine code."""

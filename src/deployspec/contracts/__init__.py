"""Pure code that judges measurements. No I/O, no clock, no environment: all of it is passed in."""

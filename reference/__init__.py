"""The reference deployment: a real Deal Scout, a supervisor that runs it, and faults to break it with."""

"""Event to topic: takes custody fast, refuses clearly, forgets the address of the client."""

"""Programs that measure accuracy on digital feet; nothing imports them but tests."""

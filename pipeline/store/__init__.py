"""Reading and writing of files; no other package does either."""

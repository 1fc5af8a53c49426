"""The digital foot: skeleton, muscles, soft tissue."""

"""What tests share, so that no test imports a test."""

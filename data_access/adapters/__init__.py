"""Sources that bring data in: one package or module a service."""

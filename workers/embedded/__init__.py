"""The embedded stack: real servers that one install brings, run on loopback for `placement up` and the tests."""

"""A written situation played through the running system on virtual time, and told as a story."""

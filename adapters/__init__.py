"""The outside world behind ports: register, mail, documents, report inbox; settings, codec, logging."""

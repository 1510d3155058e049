"""One durable workflow per procedure: order, waiting, clocks."""

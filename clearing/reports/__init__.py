"""Reports that join several rooms: finality, expected payments, tracing, trades left out, cycle report and pictures."""

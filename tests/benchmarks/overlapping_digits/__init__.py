"""The parts of the Multi-MNIST benchmark."""

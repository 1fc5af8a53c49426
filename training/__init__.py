"""How the network's weights are made: digital feet, images of them, the loop, the export."""

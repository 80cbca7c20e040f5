"""What FFmpeg's encoders are told: of pictures, and of sound and text that a container cannot hold as they are."""

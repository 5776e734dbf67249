"""What every service stands on: settings, admission, recording, relay, consumer, health. Services bring the rest."""

"""What travels between edge and central: topics, messages, signatures, and the MQTT link."""

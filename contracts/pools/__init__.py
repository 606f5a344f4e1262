"""Pools: a lead seller and members bring data to one listing and divide its income by signed shares."""

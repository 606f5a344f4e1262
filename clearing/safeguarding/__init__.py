"""Client money: the daily segregation check, and the return of idle money."""

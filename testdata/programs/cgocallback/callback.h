// Starts a thread that calls onEvent a few times, and waits for its end.
int runThread(void);

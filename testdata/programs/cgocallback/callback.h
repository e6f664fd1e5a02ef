// Starts a thread that calls onEvent a few times, and waits for its end.
int runThread(void);

// Calls onEvent on the calling thread, and stays for 20 ms after it has returned.
void callHere(void);

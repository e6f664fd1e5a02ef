#include "callback.h"

#include <pthread.h>
#include <stddef.h>
#include <time.h>

#include "_cgo_export.h"

static void *callBack(void *unused) {
  for (int number = 1; number <= 3; number++) {
    onEvent(number);
  }
  return unused;
}

int runThread(void) {
  pthread_t thread;
  int failed = pthread_create(&thread, NULL, callBack, NULL);
  return failed ? failed : pthread_join(thread, NULL);
}

void callHere(void) {
  struct timespec left = {.tv_nsec = 20 * 1000 * 1000};
  onEvent(1);
  while (nanosleep(&left, &left) != 0) {
  }
}

/* Loads libkaiwa and makes a client: `load LIBRARY`. Says how many nanoseconds that took. */
#define _POSIX_C_SOURCE 200809L
#include <dlfcn.h>
#include <inttypes.h>
#include <kaiwa.h>
#include <stdio.h>
#include <time.h>

typedef kaiwa_status client_new(const kaiwa_client_options *, kaiwa_client **);
typedef void client_free(kaiwa_client *);

static uint64_t now(void) {
  struct timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return (uint64_t)time.tv_sec * 1000000000u + (uint64_t)time.tv_nsec;
}

/* ISO C has no cast from an object's pointer to a function's; POSIX says that this works. */
static void find(void *library, const char *name, void *function_out) {
  *(void **)function_out = dlsym(library, name);
}

int main(int argc, char **argv) {
  client_new *make = NULL;
  client_free *end = NULL;
  kaiwa_client *client;
  if (argc != 2) return 2;
  uint64_t begin = now();
  void *library = dlopen(argv[1], RTLD_NOW | RTLD_LOCAL);
  if (!library) return fprintf(stderr, "%s\n", dlerror()), 1;
  find(library, "kaiwa_client_new", &make);
  find(library, "kaiwa_client_free", &end);
  if (!make || !end || make(NULL, &client)) return 1;
  uint64_t took = now() - begin;
  end(client);
  printf("%" PRIu64 "\n", took);
  return 0;
}

/* A C program on libkaiwa, measured by the bench.
 *
 *   pump flood STATE PROTOCOL WARM_UP COUNT [FIELD=VALUE]...
 *     Signs in and counts messages. Says `ready` when somebody with the id 42 is there, and after WARM_UP + COUNT messages how
 *     many nanoseconds of CPU and how many of time the COUNT took. STATE is 0 or 1: whether the library keeps state.
 *   pump hold STATE URL
 *     Is told on its input, by lines, how many accounts are to be connected to that wschat server, and says when they are. They
 *     connect one after the other.
 *   pump latency HOW COUNT
 *     Says COUNT messages from a second thread, one at a time, and one line for each: the nanoseconds from that call until the
 *     handler has its echo. HOW is `wait`, `poll` or `poke`: how the pumping thread learns that events wait. */
#define _POSIX_C_SOURCE 200809L
#include <inttypes.h>
#include <kaiwa.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

/* Between two messages of `latency`: the pumping thread is asleep again by then. */
#define PAUSE_NS 500000

static kaiwa_client *client;
static kaiwa_account *account;

static void check(kaiwa_status status, const char *what) {
  if (status == KAIWA_OK) return;
  fprintf(stderr, "%s: %s\n", what, kaiwa_last_error()->message.data);
  exit(1);
}

static uint64_t now(clockid_t clock) {
  struct timespec time;
  clock_gettime(clock, &time);
  return (uint64_t)time.tv_sec * 1000000000u + (uint64_t)time.tv_nsec;
}

static void say(const char *line) {
  puts(line);
  fflush(stdout);
}

static void fail_if_lost(const kaiwa_event *event) {
  if (event->kind != KAIWA_EVENT_STATUS_LOST) return;
  fprintf(stderr, "lost: %s\n", event->error->message.data);
  exit(1);
}

static void make_client(bool state, kaiwa_event_handler handler, void *userdata) {
  kaiwa_client_options options = KAIWA_CLIENT_OPTIONS_INIT;
  options.no_state = !state;
  check(kaiwa_client_new(&options, &client), "client");
  check(kaiwa_client_set_event_handler(client, userdata, handler, NULL), "handler");
}

static void start(bool state, const char *protocol, char **fields, int len, kaiwa_event_handler handler, void *userdata) {
  kaiwa_login_field form[16];
  size_t count = 0;
  make_client(state, handler, userdata);
  for (int i = 0; i < len && count < 16; i++) {
    char *equals = strchr(fields[i], '=');
    if (!equals) exit(2);
    form[count].name = (kaiwa_str){fields[i], (size_t)(equals - fields[i])};
    form[count++].value = kaiwa_str_from_nul(equals + 1);
  }
  check(kaiwa_account_new(client, kaiwa_str_from_nul(protocol), form, count, &account), "account");
  check(kaiwa_account_connect(account), "connect");
}

/* What is left is the system's: the measurement does not wait for goodbyes. */
static void leave(void) {
  fflush(stdout);
  _exit(0);
}

struct flood {
  uint64_t warm_up, all, seen, cpu, time;
};

static void count(void *userdata, const kaiwa_event *event) {
  struct flood *flood = userdata;
  if (event->kind == KAIWA_EVENT_CHAT_NEW) {
    flood->seen++;
    if (flood->seen == flood->warm_up) {
      flood->cpu = now(CLOCK_PROCESS_CPUTIME_ID);
      flood->time = now(CLOCK_MONOTONIC);
    } else if (flood->seen == flood->all) {
      flood->cpu = now(CLOCK_PROCESS_CPUTIME_ID) - flood->cpu;
      flood->time = now(CLOCK_MONOTONIC) - flood->time;
    }
  } else if (event->kind == KAIWA_EVENT_USER_NEW && event->user->id.len == 2 && !memcmp(event->user->id.data, "42", 2)) {
    say("ready");
  } else {
    fail_if_lost(event);
  }
}

static void flooded(int argc, char **argv) {
  struct flood flood = {0};
  flood.warm_up = strtoull(argv[4], NULL, 10);
  flood.all = flood.warm_up + strtoull(argv[5], NULL, 10);
  start(argv[2][0] == '1', argv[3], argv + 6, argc - 6, count, &flood);
  while (flood.seen < flood.all) check(kaiwa_client_pump(client, -1, 0, NULL), "pump");
  printf("%" PRIu64 " %" PRIu64 "\n", flood.cpu, flood.time);
}

static void count_accounts(void *userdata, const kaiwa_event *event) {
  if (event->kind == KAIWA_EVENT_STATUS_CONNECTED) ++*(unsigned *)userdata;
  else fail_if_lost(event);
}

static void held(char **argv) {
  unsigned connected = 0, added = 0;
  char line[32], name[32];
  make_client(argv[2][0] == '1', count_accounts, &connected);
  while (fgets(line, sizeof line, stdin)) {
    unsigned wanted = (unsigned)strtoul(line, NULL, 10);
    for (; added < wanted; added++) {
      kaiwa_login_field form[] = {
          {KAIWA_STR("url"), kaiwa_str_from_nul(argv[3])},
          {KAIWA_STR("name"), {name, 0}},
      };
      snprintf(name, sizeof name, "bench%u", added);
      form[1].value = kaiwa_str_from_nul(name);
      check(kaiwa_account_new(client, KAIWA_STR("wschat"), form, 2, &account), "account");
      check(kaiwa_account_connect(account), "connect");
      while (connected <= added) check(kaiwa_client_pump(client, -1, 0, NULL), "pump");
    }
    /* What each says after that: who I am, the room. */
    check(kaiwa_client_pump(client, 0, 0, NULL), "pump");
    say("held");
  }
}

struct latency {
  size_t count, heard;
  uint64_t *said_at, *took;
  atomic_bool connected;
};

static void hear(void *userdata, const kaiwa_event *event) {
  struct latency *latency = userdata;
  if (event->kind == KAIWA_EVENT_CHAT_NEW && event->message->message_type == KAIWA_MESSAGE_CURRENT_USER) {
    uint64_t at = now(CLOCK_MONOTONIC);
    if (latency->heard < latency->count) {
      latency->took[latency->heard] = at - latency->said_at[latency->heard];
      latency->heard++;
    }
  } else if (event->kind == KAIWA_EVENT_STATUS_CONNECTED) {
    atomic_store(&latency->connected, true);
  } else {
    fail_if_lost(event);
  }
}

static void *talk(void *userdata) {
  struct latency *latency = userdata;
  struct timespec pause = {0, PAUSE_NS};
  kaiwa_str current = {NULL, 0};
  for (size_t i = 0; i < latency->count; i++) {
    nanosleep(&pause, NULL);
    latency->said_at[i] = now(CLOCK_MONOTONIC);
    check(kaiwa_account_send_text(account, current, KAIWA_STR("hello"), NULL), "send");
  }
  return NULL;
}

/* A loop of the application's that the wakeup handler pokes. */
static int ends[2];

static void poke(void *unused) {
  (void)unused;
  if (write(ends[1], "", 1) < 0) exit(1);
}

static void pump_waiting(void) {
  check(kaiwa_client_pump(client, -1, 0, NULL), "pump");
}

static void pump_polling(void) {
  struct pollfd polled = {.events = POLLIN};
  check(kaiwa_client_wakeup_fd(client, &polled.fd), "descriptor");
  if (poll(&polled, 1, -1) < 0) exit(1);
  check(kaiwa_client_pump(client, 0, 0, NULL), "pump");
}

static void pump_when_poked(void) {
  char pokes[64];
  struct pollfd polled = {.fd = ends[0], .events = POLLIN};
  if (poll(&polled, 1, -1) < 0 || read(ends[0], pokes, sizeof pokes) < 0) exit(1);
  check(kaiwa_client_pump(client, 0, 0, NULL), "pump");
}

static const struct {
  const char *name;
  void (*pump)(void);
} WAYS[] = {{"wait", pump_waiting}, {"poll", pump_polling}, {"poke", pump_when_poked}};

static void measured_latency(char **argv) {
  struct latency latency = {0};
  pthread_t talker;
  size_t way = 0;
  while (strcmp(WAYS[way].name, argv[2]))
    if (++way == sizeof WAYS / sizeof *WAYS) exit(2);
  latency.count = strtoull(argv[3], NULL, 10);
  latency.said_at = calloc(latency.count, sizeof(uint64_t));
  latency.took = calloc(latency.count, sizeof(uint64_t));
  if (!latency.said_at || !latency.took || pipe(ends)) exit(1);
  start(false, "mock", NULL, 0, hear, &latency);
  if (WAYS[way].pump == pump_when_poked) check(kaiwa_client_set_wakeup_handler(client, NULL, poke, NULL), "wakeup handler");
  while (!atomic_load(&latency.connected)) check(kaiwa_client_pump(client, -1, 0, NULL), "pump");
  if (pthread_create(&talker, NULL, talk, &latency)) exit(1);
  while (latency.heard < latency.count) WAYS[way].pump();
  for (size_t i = 0; i < latency.count; i++) printf("%" PRIu64 "\n", latency.took[i]);
}

int main(int argc, char **argv) {
  if (argc >= 6 && !strcmp(argv[1], "flood")) flooded(argc, argv);
  else if (argc == 4 && !strcmp(argv[1], "hold")) held(argv);
  else if (argc == 4 && !strcmp(argv[1], "latency")) measured_latency(argv);
  else return 2;
  leave();
}

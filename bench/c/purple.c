/* A C program on libpurple, measured by the bench beside pump.c: what a C programmer would take instead.
 *
 *   purple flood DIR PORT WARM_UP COUNT
 *     Signs in on the IRC server of that port of this machine and counts messages of the channel that the server puts it into.
 *     Says `ready` when it is there, and after WARM_UP + COUNT messages how many nanoseconds of CPU and how many of time the
 *     COUNT took.
 *   purple hold DIR PORT
 *     Is told on its input, by lines, how many accounts are to be online there, and says when they are. They connect one after
 *     the other.
 *
 * DIR is where libpurple keeps its settings. Nothing is logged, no window is drawn. */
#define _POSIX_C_SOURCE 200809L
#include <glib-unix.h>
#include <inttypes.h>
#include <purple.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define UI "bench"

static GMainLoop *loop;
static int port;

static uint64_t now(clockid_t clock) {
  struct timespec time;
  clock_gettime(clock, &time);
  return (uint64_t)time.tv_sec * 1000000000u + (uint64_t)time.tv_nsec;
}

static void say(const char *line) {
  puts(line);
  fflush(stdout);
}

/* The loop is GLib's. */

struct input {
  PurpleInputFunction function;
  gpointer data;
};

static gboolean came(gint fd, GIOCondition condition, gpointer data) {
  struct input *input = data;
  int what = 0;
  if (condition & (G_IO_IN | G_IO_HUP | G_IO_ERR)) what |= PURPLE_INPUT_READ;
  if (condition & (G_IO_OUT | G_IO_ERR | G_IO_NVAL)) what |= PURPLE_INPUT_WRITE;
  input->function(input->data, fd, (PurpleInputCondition)what);
  return TRUE;
}

static guint input_add(int fd, PurpleInputCondition wanted, PurpleInputFunction function, gpointer data) {
  struct input *input = g_new(struct input, 1);
  int condition = 0;
  *input = (struct input){function, data};
  if (wanted & PURPLE_INPUT_READ) condition |= G_IO_IN | G_IO_HUP | G_IO_ERR;
  if (wanted & PURPLE_INPUT_WRITE) condition |= G_IO_OUT | G_IO_ERR | G_IO_NVAL;
  return g_unix_fd_add_full(G_PRIORITY_DEFAULT, fd, (GIOCondition)condition, came, input, g_free);
}

static PurpleEventLoopUiOps loop_ops = {
    .timeout_add = g_timeout_add,
    .timeout_remove = g_source_remove,
    .input_add = input_add,
    .input_remove = g_source_remove,
    .timeout_add_seconds = g_timeout_add_seconds,
};
static PurpleCoreUiOps core_ops;

static void failed(PurpleConnection *connection, PurpleConnectionError error, const char *what) {
  (void)connection, (void)error;
  fprintf(stderr, "lost: %s\n", what);
  exit(1);
}

static void start(const char *dir) {
  static int here;
  loop = g_main_loop_new(NULL, FALSE);
  purple_util_set_user_dir(dir);
  purple_debug_set_enabled(FALSE);
  purple_core_set_ui_ops(&core_ops);
  purple_eventloop_set_ui_ops(&loop_ops);
  if (!purple_core_init(UI)) exit(1);
  purple_set_blist(purple_blist_new());
  purple_prefs_set_bool("/purple/logging/log_chats", FALSE);
  purple_prefs_set_bool("/purple/logging/log_ims", FALSE);
  purple_prefs_set_bool("/purple/logging/log_system", FALSE);
  if (!purple_find_prpl("prpl-irc")) {
    fputs("libpurple has no IRC here\n", stderr);
    exit(1);
  }
  purple_signal_connect(purple_connections_get_handle(), "connection-error", &here, PURPLE_CALLBACK(failed), NULL);
}

static void add(unsigned number) {
  char name[64];
  snprintf(name, sizeof name, "bench%u@127.0.0.1", number);
  PurpleAccount *account = purple_account_new(name, "prpl-irc");
  purple_account_set_int(account, "port", port);
  purple_accounts_add(account);
  /* Connects, since an account's first status is to be available. */
  purple_account_set_enabled(account, UI, TRUE);
}

static struct flood {
  uint64_t warm_up, all, seen, cpu, time;
} flood;

static void count(PurpleAccount *account, char *sender, char *message, PurpleConversation *conversation, PurpleMessageFlags flags,
                  gpointer unused) {
  (void)account, (void)sender, (void)message, (void)conversation, (void)flags, (void)unused;
  flood.seen++;
  if (flood.seen == flood.warm_up) {
    flood.cpu = now(CLOCK_PROCESS_CPUTIME_ID);
    flood.time = now(CLOCK_MONOTONIC);
  } else if (flood.seen == flood.all) {
    printf("%" PRIu64 " %" PRIu64 "\n", now(CLOCK_PROCESS_CPUTIME_ID) - flood.cpu, now(CLOCK_MONOTONIC) - flood.time);
    fflush(stdout);
    _exit(0);
  }
}

static void joined(PurpleConversation *conversation) {
  (void)conversation;
  say("ready");
}

static void flooded(char **argv) {
  static int here;
  void *conversations = purple_conversations_get_handle();
  flood.warm_up = strtoull(argv[4], NULL, 10);
  flood.all = flood.warm_up + strtoull(argv[5], NULL, 10);
  purple_signal_connect(conversations, "chat-joined", &here, PURPLE_CALLBACK(joined), NULL);
  purple_signal_connect(conversations, "received-chat-msg", &here, PURPLE_CALLBACK(count), NULL);
  add(0);
  g_main_loop_run(loop);
}

static unsigned held, wanted;

static void more(void) {
  if (held == wanted) say("held");
  else add(held);
}

static void is_in(PurpleConnection *connection) {
  (void)connection;
  held++;
  more();
}

static gboolean told(gint fd, GIOCondition condition, gpointer unused) {
  char line[32];
  ssize_t len = read(fd, line, sizeof line - 1);
  (void)condition, (void)unused;
  if (len <= 0) _exit(0);
  line[len] = 0;
  wanted = (unsigned)strtoul(line, NULL, 10);
  more();
  return TRUE;
}

static void hold(void) {
  static int here;
  purple_signal_connect(purple_connections_get_handle(), "signed-on", &here, PURPLE_CALLBACK(is_in), NULL);
  g_unix_fd_add(0, G_IO_IN | G_IO_HUP, told, NULL);
  g_main_loop_run(loop);
}

int main(int argc, char **argv) {
  if (argc < 4) return 2;
  port = atoi(argv[3]);
  start(argv[2]);
  if (argc == 6 && !strcmp(argv[1], "flood")) flooded(argv);
  else if (argc == 4 && !strcmp(argv[1], "hold")) hold();
  return 2;
}

/* Signs in, prints what is said, sends what is typed. Usage: chat PROTOCOL [FIELD=VALUE]..., for example chat mock name=ann */
#include <kaiwa.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>

static kaiwa_client *client;
static kaiwa_account *account;
static bool refused;

static int failed(const char *what) {
  fprintf(stderr, "%s: %s\n", what, kaiwa_last_error()->message.data);
  return 1;
}

static void on_event(void *userdata, const kaiwa_event *event) {
  (void)userdata;
  if (event->kind == KAIWA_EVENT_STATUS_CONNECTED) puts("* connected");
  if (event->kind == KAIWA_EVENT_STATUS_LOST) {
    printf("* lost: %s\n", event->error->message.data);
    refused = !event->has_retry_in;
  }
  if (event->kind == KAIWA_EVENT_STATUS_FAILED) printf("* not sent: %s\n", event->error->message.data);
  if (event->kind == KAIWA_EVENT_CHAT_NEW) {
    const char *sender = event->message->sender_id.data;
    printf("<%s> %s\n", sender ? sender : "me", event->message->text.data);
  }
  fflush(stdout);
}

/* Sending works from any thread; the pump has the main one. */
static void *read_lines(void *unused) {
  char line[4096];
  while (fgets(line, sizeof line, stdin)) {
    line[strcspn(line, "\n")] = '\0';
    kaiwa_str channel = {NULL, 0}; /* the current one */
    if (*line && kaiwa_account_send_text(account, channel, kaiwa_str_from_nul(line), NULL)) failed("send");
  }
  kaiwa_client_shutdown(client, 5000); /* then the pump comes to its end */
  return unused;
}

int main(int argc, char **argv) {
  kaiwa_login_field fields[16];
  size_t len = 0;
  for (int i = 2; i < argc && len < 16; i++) {
    char *equals = strchr(argv[i], '=');
    if (!equals) return fprintf(stderr, "%s: write FIELD=VALUE\n", argv[i]), 2;
    fields[len].name = (kaiwa_str){argv[i], (size_t)(equals - argv[i])};
    fields[len++].value = kaiwa_str_from_nul(equals + 1);
  }
  kaiwa_str protocol = kaiwa_str_from_nul(argc > 1 ? argv[1] : "mock");
  if (kaiwa_client_new(NULL, &client)) return failed("client");
  if (kaiwa_client_set_event_handler(client, NULL, on_event, NULL)) return failed("handler");
  if (kaiwa_account_new(client, protocol, fields, len, &account)) return failed("account");
  if (kaiwa_account_connect(account)) return failed("connect");
  pthread_t reader;
  if (pthread_create(&reader, NULL, read_lines, NULL)) return 1;
  while (!refused && kaiwa_client_pump(client, -1, 0, NULL) == KAIWA_OK) continue;
  if (refused) return 1;
  pthread_join(reader, NULL);
  kaiwa_account_free(account);
  kaiwa_client_free(client);
  return 0;
}

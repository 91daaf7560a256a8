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
    kaiwa_str text = {line, strcspn(line, "\n")};
    if (text.len && kaiwa_account_send_text(account, KAIWA_NONE, text, NULL)) failed("send");
  }
  kaiwa_client_shutdown(client, 5000); /* then the pump comes to its end */
  return unused;
}

int main(int argc, char **argv) {
  kaiwa_login_field fields[16];
  size_t len = 0;
  for (int i = 2; i < argc && len < 16; i++) {
    size_t name = strcspn(argv[i], "=");
    if (!argv[i][name]) return fprintf(stderr, "%s: write FIELD=VALUE\n", argv[i]), 2;
    fields[len].name = (kaiwa_str){argv[i], name};
    fields[len++].value = kaiwa_str_from_nul(argv[i] + name + 1);
  }
  kaiwa_str protocol = kaiwa_str_from_nul(argc > 1 ? argv[1] : "mock");
  pthread_t reader;
  if (kaiwa_client_new(NULL, &client) || kaiwa_client_set_event_handler(client, NULL, on_event, NULL) ||
      kaiwa_account_new(client, protocol, fields, len, &account) || kaiwa_account_connect(account))
    return failed("sign in");
  if (pthread_create(&reader, NULL, read_lines, NULL)) return 1;
  while (!refused && kaiwa_client_pump(client, -1, 0, NULL) == KAIWA_OK) continue;
  if (refused) return 1;
  pthread_join(reader, NULL);
  kaiwa_account_free(account);
  kaiwa_client_free(client);
}

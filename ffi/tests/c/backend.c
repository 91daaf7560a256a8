/* A backend that has closed its input: what is written to it is an error value of the account, and no signal, which would
   end this program. It prints nothing if all holds. */
#include <kaiwa.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define CHECK(what)                                                                              \
  do {                                                                                           \
    if (!(what)) {                                                                               \
      fprintf(stderr, "%s:%d: %s (last error: %s)\n", __FILE__, __LINE__, #what,                 \
              kaiwa_last_error()->message.data);                                                 \
      exit(1);                                                                                   \
    }                                                                                            \
  } while (0)

#define OK(call) CHECK((call) == KAIWA_OK)

/* Far more than anything needs; only a hang reaches it. */
enum { LIMIT_MS = 60000 };

/* Says its init info and lets itself be asked for its room; then it reads no more, and stays. */
static const char *script =
    "say() { printf %s \"$1\"; }\n"
    "say '{\"backend_name\":\"sh\",\"backend_version\":[0,0,1],\"protocol_version\":[0,1,0]}'\n"
    "read -r line\n"
    "say '{\"sequence_number\":0,\"body\":{\"type\":\"RoomID\",\"value\":\"!a\"}}'\n"
    "read -r line\n"
    "say '{\"sequence_number\":1,\"body\":{\"type\":\"Success\"}}'\n"
    "read -r line\n"
    "exec 0<&-\n"
    "say '{\"sequence_number\":2,\"body\":{\"type\":\"Room\",\"value\":{\"id\":\"!a\",\"name\":\"a\",\"sendable\":true}}}'\n"
    "exec sleep 1000\n";

struct seen {
  bool room;
  bool lost;
};

static void see(void *userdata, const kaiwa_event *event) {
  struct seen *seen = userdata;
  if (event->kind == KAIWA_EVENT_CHANNEL_JOIN) seen->room = true;
  if (event->kind == KAIWA_EVENT_STATUS_LOST) {
    CHECK(event->error->status == KAIWA_ERR_LOST);
    seen->lost = true;
  }
}

int main(void) {
  struct sigaction action;
  CHECK(sigaction(SIGPIPE, NULL, &action) == 0);
  CHECK(action.sa_handler == SIG_DFL);

  char args[2048];
  snprintf(args, sizeof args, "-c '");
  size_t len = strlen(args);
  /* A quote within quotes is written as in a shell. */
  for (const char *at = script; *at; at++) {
    const char *piece = *at == '\'' ? "'\\''" : (char[]){*at, '\0'};
    len += (size_t)snprintf(args + len, sizeof args - len, "%s", piece);
    CHECK(len < sizeof args - 2);
  }
  args[len++] = '\'';

  kaiwa_login_field fields[] = {
      {KAIWA_STR("command"), KAIWA_STR("sh")},
      {KAIWA_STR("args"), {args, len}},
      {KAIWA_STR("rooms"), KAIWA_STR("a")},
  };
  struct seen seen = {false, false};
  kaiwa_client *client;
  kaiwa_account *account;
  OK(kaiwa_client_new(NULL, &client));
  OK(kaiwa_client_set_event_handler(client, &seen, see, NULL));
  OK(kaiwa_account_new(client, KAIWA_STR("flubber"), fields, 3, &account));
  OK(kaiwa_account_connect(account));
  while (!seen.room) OK(kaiwa_client_pump(client, LIMIT_MS, 1, NULL));
  OK(kaiwa_account_send_text(account, KAIWA_STR("!a"), KAIWA_STR("anybody there?"), NULL));
  while (!seen.lost) OK(kaiwa_client_pump(client, LIMIT_MS, 1, NULL));
  kaiwa_account_free(account);
  kaiwa_client_free(client);
  return 0;
}

/* The client inside somebody else's loop: one poll() over the standard input and the client's descriptor.
 * Usage: poll_loop NAME [URL OF A WSCHAT SERVER]; without a server it talks to a network in memory. */
#include <kaiwa.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

struct app {
  kaiwa_account *account;
  unsigned open; /* requests not yet ended */
  bool leaving, down;
};

static void on_event(void *userdata, const kaiwa_event *event) {
  struct app *app = userdata;
  if (event->kind == KAIWA_EVENT_CHAT_NEW) printf("%s\n", event->message->text.data);
  if (event->kind == KAIWA_EVENT_STATUS_DONE || event->kind == KAIWA_EVENT_STATUS_FAILED) {
    app->open--;
    /* Calling back into the library from a handler is fine. */
    if (app->leaving && app->open == 0) kaiwa_account_disconnect(app->account);
  }
  if (event->kind == KAIWA_EVENT_STATUS_LOST && !event->has_retry_in) app->down = true;
  if (event->kind == KAIWA_EVENT_STATUS_DISCONNECTED && app->leaving) app->down = true;
  fflush(stdout);
}

int main(int argc, char **argv) {
  struct app app = {0};
  kaiwa_client *client = NULL;
  kaiwa_login_field form[2] = {{KAIWA_STR("name"), kaiwa_str_from_nul(argc > 1 ? argv[1] : "me")},
                               {KAIWA_STR("url"), kaiwa_str_from_nul(argc > 2 ? argv[2] : NULL)}};
  kaiwa_str protocol = argc > 2 ? KAIWA_STR("wschat") : KAIWA_STR("mock");
  int fd = -1;
  if (kaiwa_client_new(NULL, &client) ||
      kaiwa_client_set_event_handler(client, &app, on_event, NULL) ||
      kaiwa_client_wakeup_fd(client, &fd) ||
      kaiwa_account_new(client, protocol, form, argc > 2 ? 2 : 1, &app.account) ||
      kaiwa_account_connect(app.account)) {
    fprintf(stderr, "%s\n", kaiwa_last_error()->message.data);
    return 1;
  }
  char text[4096];
  size_t len = 0;
  struct pollfd polled[2] = {{.fd = fd, .events = POLLIN}, {.fd = STDIN_FILENO, .events = POLLIN}};
  while (!app.down && poll(polled, app.leaving ? 1 : 2, -1) >= 0) {
    if (polled[0].revents) kaiwa_client_pump(client, 0, 0, NULL);
    if (app.leaving || !polled[1].revents) continue;
    ssize_t got = read(STDIN_FILENO, text + len, sizeof text - len);
    if (got > 0) len += (size_t)got;
    char *end;
    while ((end = memchr(text, '\n', len))) {
      size_t line = (size_t)(end - text);
      kaiwa_str said = {text, line};
      if (line && kaiwa_account_send_text(app.account, KAIWA_NONE, said, NULL) == KAIWA_OK)
        app.open++;
      len -= line + 1;
      memmove(text, end + 1, len);
    }
    if (got > 0 && len < sizeof text) continue;
    app.leaving = true; /* The end of the input, or a line too long. */
    if (app.open == 0) kaiwa_account_disconnect(app.account);
  }
  kaiwa_account_free(app.account);
  kaiwa_client_free(client);
  return 0;
}

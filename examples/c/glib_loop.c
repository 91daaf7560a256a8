/* The client inside a GLib main loop, as in a GTK program: its descriptor is a source like any other.
 * Usage: glib_loop NAME [URL OF A WSCHAT SERVER]; without a server it talks to a network in memory. */
#include <glib-unix.h>
#include <kaiwa.h>

struct app {
  GMainLoop *loop;
  kaiwa_client *client;
  kaiwa_account *account;
  unsigned open; /* requests not yet ended */
  bool leaving;
};

static void on_event(void *userdata, const kaiwa_event *event) {
  struct app *app = userdata;
  if (event->kind == KAIWA_EVENT_CHAT_NEW) g_print("%s\n", event->message->text.data);
  if (event->kind == KAIWA_EVENT_STATUS_DONE || event->kind == KAIWA_EVENT_STATUS_FAILED) {
    app->open--;
    if (app->leaving && app->open == 0) kaiwa_account_disconnect(app->account);
  }
  if (event->kind == KAIWA_EVENT_STATUS_LOST && !event->has_retry_in) g_main_loop_quit(app->loop);
  if (event->kind == KAIWA_EVENT_STATUS_DISCONNECTED && app->leaving) g_main_loop_quit(app->loop);
}

/* What is left after a hundred events keeps the descriptor readable; other sources get their turn in between. */
static gboolean on_events_wait(gint fd, GIOCondition condition, gpointer userdata) {
  struct app *app = userdata;
  (void)fd, (void)condition;
  kaiwa_client_pump(app->client, 0, 100, NULL);
  return G_SOURCE_CONTINUE;
}

static gboolean on_typed(GIOChannel *typed, GIOCondition condition, gpointer userdata) {
  struct app *app = userdata;
  gchar *line = NULL;
  gsize end = 0;
  GIOStatus status;
  (void)condition;
  while ((status = g_io_channel_read_line(typed, &line, NULL, &end, NULL)) == G_IO_STATUS_NORMAL) {
    kaiwa_str said = {line, end};
    if (end && kaiwa_account_send_text(app->account, KAIWA_NONE, said, NULL) == KAIWA_OK) app->open++;
    g_free(line);
  }
  if (status == G_IO_STATUS_AGAIN) return G_SOURCE_CONTINUE;
  app->leaving = true; /* the end of the input, or something that is no text */
  if (app->open == 0) kaiwa_account_disconnect(app->account);
  return G_SOURCE_REMOVE;
}

int main(int argc, char **argv) {
  struct app app = {0};
  kaiwa_login_field form[2] = {{KAIWA_STR("name"), kaiwa_str_from_nul(argc > 1 ? argv[1] : "me")},
                               {KAIWA_STR("url"), kaiwa_str_from_nul(argc > 2 ? argv[2] : NULL)}};
  kaiwa_str protocol = argc > 2 ? KAIWA_STR("wschat") : KAIWA_STR("mock");
  int fd = -1;
  if (kaiwa_client_new(NULL, &app.client) ||
      kaiwa_client_set_event_handler(app.client, &app, on_event, NULL) ||
      kaiwa_client_wakeup_fd(app.client, &fd) ||
      kaiwa_account_new(app.client, protocol, form, argc > 2 ? 2 : 1, &app.account) ||
      kaiwa_account_connect(app.account)) {
    g_printerr("%s\n", kaiwa_last_error()->message.data);
    return 1;
  }
  app.loop = g_main_loop_new(NULL, FALSE);
  guint source = g_unix_fd_add(fd, G_IO_IN, on_events_wait, &app);
  GIOChannel *typed = g_io_channel_unix_new(0);
  g_io_channel_set_flags(typed, G_IO_FLAG_NONBLOCK, NULL);
  g_io_add_watch(typed, G_IO_IN | G_IO_HUP, on_typed, &app);
  g_main_loop_run(app.loop);

  g_source_remove(source); /* before the descriptor goes with its client */
  g_io_channel_unref(typed);
  g_main_loop_unref(app.loop);
  kaiwa_account_free(app.account);
  kaiwa_client_free(app.client);
  return 0;
}

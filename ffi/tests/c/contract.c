/* The promises of kaiwa.h as assertions, on the network in memory. It prints nothing if all hold. */
#define _POSIX_C_SOURCE 200809L
#include <kaiwa.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

/* Of the library as built for tests; not in the header. */
extern kaiwa_status kaiwa_test_panic(void);

#define CHECK(what)                                                                              \
  do {                                                                                           \
    if (!(what)) {                                                                               \
      fprintf(stderr, "%s:%d: %s (last error: %s)\n", __FILE__, __LINE__, #what,                 \
              kaiwa_last_error()->message.data);                                                 \
      exit(1);                                                                                   \
    }                                                                                            \
  } while (0)

#define OK(call) CHECK((call) == KAIWA_OK)

/* The call gives this status, and a last error with it and a reason. */
#define GIVES(expected, call)                                                                    \
  do {                                                                                           \
    CHECK((call) == (expected));                                                                 \
    CHECK(kaiwa_last_error()->status == (expected));                                             \
    CHECK(kaiwa_last_error()->message.len > 0);                                                  \
  } while (0)

static const kaiwa_str none = {NULL, 0};

/* Far more than anything needs; only a hang reaches it. */
enum { LIMIT_MS = 30000 };

static bool is(kaiwa_str text, const char *expected) {
  return text.data && text.len == strlen(expected) && memcmp(text.data, expected, text.len) == 0 &&
         text.data[text.len] == '\0';
}

/* ---- an application that counts what it gets ---- */

struct app {
  kaiwa_client *client;
  kaiwa_account *account;
  int seen[500];
  unsigned long events;
  uint64_t last_request; /* of the last DONE or FAILED */
  kaiwa_status last_failure;
  uint64_t seq;
  char text[64];
  void *userdata;
  pthread_t thread;
  const kaiwa_event *kept;
  void (*during)(struct app *); /* called once, within the handler */
};

static void count(void *userdata, const kaiwa_event *event) {
  struct app *app = userdata;
  app->events++;
  if ((unsigned)event->kind < 500) app->seen[event->kind]++;
  CHECK(event->account > 0);
  app->userdata = event->account_userdata;
  app->thread = pthread_self();
  app->seq = event->seq;
  if (event->kind == KAIWA_EVENT_STATUS_DONE || event->kind == KAIWA_EVENT_STATUS_FAILED) {
    app->last_request = event->request;
    app->last_failure = event->error ? event->error->status : KAIWA_OK;
  }
  if (event->kind == KAIWA_EVENT_CHAT_NEW) {
    snprintf(app->text, sizeof app->text, "%s", event->message->text.data);
    if (!app->kept) app->kept = kaiwa_event_retain(event);
  }
  if (app->during) {
    void (*during)(struct app *) = app->during;
    app->during = NULL;
    during(app);
  }
}

static void start(struct app *app, const kaiwa_login_field *fields, size_t len) {
  memset(app, 0, sizeof *app);
  OK(kaiwa_client_new(NULL, &app->client));
  OK(kaiwa_client_set_event_handler(app->client, app, count, NULL));
  OK(kaiwa_account_new(app->client, KAIWA_STR("mock"), fields, len, &app->account));
}

static void until(struct app *app, kaiwa_event_kind kind) {
  int before = app->seen[kind];
  while (app->seen[kind] == before) {
    size_t count = 0;
    OK(kaiwa_client_pump(app->client, LIMIT_MS, 1, &count));
    CHECK(count == 1);
  }
}

static void connect_it(struct app *app) {
  OK(kaiwa_account_connect(app->account));
  until(app, KAIWA_EVENT_STATUS_CONNECTED);
}

/* The request ends well, in exactly one event. */
static void done(struct app *app, uint64_t request) {
  CHECK(request != 0);
  while (app->last_request != request) OK(kaiwa_client_pump(app->client, LIMIT_MS, 1, NULL));
  CHECK(app->last_failure == KAIWA_OK);
}

static void stop(struct app *app) {
  kaiwa_event_release(app->kept);
  kaiwa_account_free(app->account);
  kaiwa_client_free(app->client);
}

/* ---- the promises ---- */

static void versions_and_names(void) {
  CHECK(kaiwa_version_number() == KAIWA_VERSION_NUMBER);
  CHECK(kaiwa_abi_version() == KAIWA_VERSION_MAJOR);
  char version[32];
  snprintf(version, sizeof version, "%d.%d.%d", KAIWA_VERSION_MAJOR, KAIWA_VERSION_MINOR,
           KAIWA_VERSION_PATCH);
  CHECK(is(kaiwa_version(), version));
  CHECK(is(kaiwa_status_name(KAIWA_ERR_AUTH), "KAIWA_ERR_AUTH"));
  CHECK(kaiwa_status_name(-12345).data == NULL);
  CHECK(is(kaiwa_event_kind_name(KAIWA_EVENT_USER_BAN), "KAIWA_EVENT_USER_BAN"));
  CHECK(kaiwa_event_kind_name(12345).data == NULL);
  kaiwa_str text = kaiwa_str_from_nul("abc");
  CHECK(is(text, "abc") && kaiwa_str_from_nul(NULL).data == NULL);
}

static void protocols_are_data(void) {
  const kaiwa_protocol_list *all = kaiwa_protocols();
  CHECK(all && all->len > 1 && all == kaiwa_protocols());
  const kaiwa_protocol *mock = NULL;
  OK(kaiwa_protocol_find(KAIWA_STR("mock"), &mock));
  bool listed = false, asks_password = false;
  for (size_t i = 0; i < all->len; i++) listed |= all->items[i] == mock;
  for (size_t i = 0; i < mock->fields_len; i++)
    asks_password |= mock->fields[i]->kind == KAIWA_FIELD_PASSWORD;
  CHECK(listed && asks_password && is(mock->name, "mock") && mock->about.len > 0);
  CHECK(mock->capabilities->sends_len > 10);
  GIVES(KAIWA_ERR_NOT_FOUND, kaiwa_protocol_find(KAIWA_STR("nonsense"), &mock));
  CHECK(mock == NULL);
  CHECK(strstr(kaiwa_last_error()->message.data, "mock") != NULL);
}

static void bad_arguments_are_refused(void) {
  struct app app;
  start(&app, NULL, 0);
  kaiwa_account *account = (kaiwa_account *)&app;
  uint64_t request = 7;

  GIVES(KAIWA_ERR_INVALID, kaiwa_client_new(NULL, NULL));
  GIVES(KAIWA_ERR_INVALID, kaiwa_client_pump(NULL, 0, 0, NULL));
  GIVES(KAIWA_ERR_INVALID, kaiwa_account_connect(NULL));
  GIVES(KAIWA_ERR_INVALID, kaiwa_client_interrupt((kaiwa_client *)app.account));
  GIVES(KAIWA_ERR_INVALID, kaiwa_account_connect((kaiwa_account *)app.client));
  GIVES(KAIWA_ERR_INVALID, kaiwa_account_send_draft(app.account, none, NULL, NULL));
  GIVES(KAIWA_ERR_INVALID,
        kaiwa_account_send_draft(app.account, none, (kaiwa_draft *)app.account, NULL));
  GIVES(KAIWA_ERR_INVALID, kaiwa_client_interrupt((kaiwa_client *)((char *)app.client + 1)));
  CHECK(kaiwa_account_id(NULL) == 0 && kaiwa_account_userdata(NULL) == NULL);
  CHECK(!kaiwa_account_can_send(app.account, 12345));

  GIVES(KAIWA_ERR_NOT_FOUND,
        kaiwa_account_new(app.client, KAIWA_STR("nonsense"), NULL, 0, &account));
  CHECK(account == NULL);
  GIVES(KAIWA_ERR_INVALID, kaiwa_account_new(app.client, none, NULL, 3, &account));
  kaiwa_login_field unknown = {KAIWA_STR("shoe_size"), KAIWA_STR("42")};
  GIVES(KAIWA_ERR_INVALID,
        kaiwa_account_new(app.client, KAIWA_STR("mock"), &unknown, 1, &account));
  CHECK(strstr(kaiwa_last_error()->message.data, "shoe_size") != NULL);
  kaiwa_login_field twice[2] = {{KAIWA_STR("name"), KAIWA_STR("a")},
                                {KAIWA_STR("name"), KAIWA_STR("b")}};
  GIVES(KAIWA_ERR_INVALID, kaiwa_account_new(app.client, KAIWA_STR("mock"), twice, 2, &account));
  GIVES(KAIWA_ERR_INVALID,
        kaiwa_account_new(app.client, KAIWA_STR("wschat"), NULL, 0, &account)); /* url is missing */
  GIVES(KAIWA_ERR_INVALID,
        kaiwa_account_new(app.client, KAIWA_STR("mock"), twice, (size_t)-1, &account));
  GIVES(KAIWA_ERR_INVALID,
        kaiwa_account_new_from_json(app.client, KAIWA_STR("{\"auth\":\"hunter2\"}"), &account));
  CHECK(strstr(kaiwa_last_error()->message.data, "hunter2") == NULL);

  connect_it(&app);
  kaiwa_str inner = {"mo\0ck", 5};
  GIVES(KAIWA_ERR_NOT_FOUND, kaiwa_account_new(app.client, inner, NULL, 0, &account));
  kaiwa_str bad = {"ab\xff", 3};
  kaiwa_str huge = {"x", (size_t)-1};
  kaiwa_str null = {NULL, 3};
  kaiwa_login_field illegible = {KAIWA_STR("name"), {"ab\xff", 3}};
  GIVES(KAIWA_ERR_INVALID, kaiwa_account_new(app.client, bad, NULL, 0, &account));
  GIVES(KAIWA_ERR_INVALID, kaiwa_account_set_fields(app.account, &illegible, 1));
  GIVES(KAIWA_ERR_INVALID, kaiwa_account_send_json(app.account, huge, &request));
  GIVES(KAIWA_ERR_INVALID, kaiwa_account_send_text(app.account, none, bad, &request));
  GIVES(KAIWA_ERR_INVALID, kaiwa_account_send_text(app.account, none, huge, &request));
  GIVES(KAIWA_ERR_INVALID, kaiwa_account_send_text(app.account, null, KAIWA_STR("x"), &request));
  GIVES(KAIWA_ERR_INVALID, kaiwa_account_create_channel(app.account, KAIWA_STR("x"), 99, none,
                                                        true, &request));
  GIVES(KAIWA_ERR_INVALID, kaiwa_account_create_channel(app.account, KAIWA_STR("x"), INT32_MIN, none,
                                                        true, &request));
  GIVES(KAIWA_ERR_INVALID, kaiwa_account_request_history(app.account, none, none, 0, &request));
  GIVES(KAIWA_ERR_INVALID, kaiwa_account_ban_member(app.account, none, KAIWA_STR("u"), INT64_MAX,
                                                    none, &request));
  GIVES(KAIWA_ERR_INVALID, kaiwa_account_send_json(app.account, KAIWA_STR("{"), &request));
  GIVES(KAIWA_ERR_INVALID,
        kaiwa_account_send_json(app.account, KAIWA_STR("{\"Chat\":{\"event\":{\"New\":7}}}"),
                                &request));
  GIVES(KAIWA_ERR_UNSUPPORTED,
        kaiwa_account_send_json(app.account, KAIWA_STR("{\"Future\":{\"event\":\"X\"}}"), &request));
  GIVES(KAIWA_ERR_UNSUPPORTED,
        kaiwa_account_send_json(app.account, KAIWA_STR("{\"Status\":{\"event\":\"Overrun\"}}"),
                                &request));
  CHECK(request == 7); /* written only on success */
  char *text = malloc(1 << 20);
  CHECK(text);
  memset(text, 'x', 1 << 20);
  kaiwa_str longest = {text, 1 << 20};
  GIVES(KAIWA_ERR_TOO_LONG, kaiwa_account_send_text(app.account, none, longest, &request));
  free(text);
  GIVES(KAIWA_ERR_INVALID, kaiwa_set_log_handler(99, NULL, NULL, NULL));
  GIVES(KAIWA_ERR_INVALID, kaiwa_set_log_handler(-1, NULL, NULL, NULL));
  kaiwa_draft *draft = NULL;
  OK(kaiwa_draft_new(&draft));
  GIVES(KAIWA_ERR_INVALID, kaiwa_draft_begin_style(draft, 99, 0));
  GIVES(KAIWA_ERR_INVALID, kaiwa_draft_text(draft, bad));
  GIVES(KAIWA_ERR_INVALID, kaiwa_draft_upload(draft, inner, none, none));
  GIVES(KAIWA_ERR_INVALID, kaiwa_draft_json(draft, KAIWA_STR("{\"Text\":7}")));
  for (int deep = 0; deep < 32; deep++) OK(kaiwa_draft_begin_link(draft, KAIWA_STR("https://example.org/")));
  GIVES(KAIWA_ERR_INVALID, kaiwa_draft_begin_link(draft, KAIWA_STR("https://example.org/")));
  GIVES(KAIWA_ERR_INVALID, kaiwa_account_send_draft(app.account, none, draft, &request));
  kaiwa_draft_free(draft);

  kaiwa_event *event = NULL;
  GIVES(KAIWA_ERR_INVALID, kaiwa_event_from_json(KAIWA_STR("[]"), (const kaiwa_event **)&event));
  GIVES(KAIWA_ERR_UNSUPPORTED,
        kaiwa_event_from_json(KAIWA_STR("{\"Future\":{}}"), (const kaiwa_event **)&event));
  kaiwa_json *json = NULL;
  GIVES(KAIWA_ERR_INVALID, kaiwa_event_json(NULL, &json));

  kaiwa_client_free(NULL);
  kaiwa_account_free(NULL);
  kaiwa_draft_free(NULL);
  kaiwa_event_release(NULL);
  kaiwa_state_free(NULL);
  kaiwa_json_free(NULL);
  CHECK(kaiwa_event_retain(NULL) == NULL);
  stop(&app);
}

static void options_have_a_size(void) {
  kaiwa_client *client = NULL;
  kaiwa_client_options options;
  OK(kaiwa_client_options_init(&options, sizeof options));
  options.threads = 1;
  options.queue_events = 16;
  OK(kaiwa_client_new(&options, &client));
  kaiwa_client_free(client);
  kaiwa_client_options same = KAIWA_CLIENT_OPTIONS_INIT;
  OK(kaiwa_client_new(&same, &client));
  kaiwa_client_free(client);
  options.size = 1;
  GIVES(KAIWA_ERR_INVALID, kaiwa_client_new(&options, &client));
  CHECK(client == NULL);
  options.size = sizeof options;
  options.threads = 1000000;
  GIVES(KAIWA_ERR_INVALID, kaiwa_client_new(&options, &client));

  /* A caller with a newer header: what is not used does no harm, what is used is refused. */
  struct {
    kaiwa_client_options known;
    uint64_t newer;
  } later = {KAIWA_CLIENT_OPTIONS_INIT, 0};
  later.known.size = sizeof later;
  OK(kaiwa_client_new(&later.known, &client));
  kaiwa_client_free(client);
  later.newer = 1;
  GIVES(KAIWA_ERR_UNSUPPORTED, kaiwa_client_new(&later.known, &client));
  /* One with an older header. */
  later.known.size = sizeof(size_t);
  OK(kaiwa_client_new(&later.known, &client));
  kaiwa_client_free(client);
}

static void a_panic_becomes_a_status(void) {
  GIVES(KAIWA_ERR_PANIC, kaiwa_test_panic());
  CHECK(strstr(kaiwa_last_error()->message.data, "asked for by a test") != NULL);
}

static void *other_error(void *unused) {
  CHECK(kaiwa_last_error()->status == KAIWA_OK && is(kaiwa_last_error()->message, ""));
  GIVES(KAIWA_ERR_INVALID, kaiwa_account_disconnect(NULL));
  return unused;
}

static void the_last_error_is_of_the_thread(void) {
  GIVES(KAIWA_ERR_PANIC, kaiwa_test_panic());
  pthread_t other;
  CHECK(pthread_create(&other, NULL, other_error, NULL) == 0);
  CHECK(pthread_join(other, NULL) == 0);
  CHECK(kaiwa_last_error()->status == KAIWA_ERR_PANIC);
  kaiwa_version();
  CHECK(kaiwa_last_error()->status == KAIWA_ERR_PANIC);
}

static void messages_come_back(void) {
  struct app app;
  start(&app, NULL, 0);
  int mine = 0;
  OK(kaiwa_account_set_userdata(app.account, &mine));
  CHECK(kaiwa_account_userdata(app.account) == &mine);
  GIVES(KAIWA_ERR_STATE, kaiwa_account_send_text(app.account, none, KAIWA_STR("x"), NULL));
  connect_it(&app);
  CHECK(app.userdata == &mine && pthread_equal(app.thread, pthread_self()));
  uint64_t request = 0;
  OK(kaiwa_account_send_text(app.account, none, KAIWA_STR("hello\0world"), &request));
  until(&app, KAIWA_EVENT_CHAT_NEW);
  done(&app, request);
  CHECK(app.seen[KAIWA_EVENT_CHAT_UPDATE] >= 1);

  /* What was retained stays, with the NUL inside; its JSON goes in again. */
  CHECK(app.kept && app.kept->request == request);
  CHECK(app.kept->message->text.len == 11 && memcmp(app.kept->message->text.data, "hello\0world", 12) == 0);
  CHECK(app.kept->message->content_len == 1);
  CHECK(app.kept->message->content[0]->kind == KAIWA_FRAGMENT_TEXT);
  CHECK(app.kept->message->status == KAIWA_MESSAGE_SENT && app.kept->message->timestamp_ms > 0);
  CHECK(app.kept->error == NULL && app.kept->reason.data == NULL);
  kaiwa_json *json = NULL;
  OK(kaiwa_event_json(app.kept, &json));
  CHECK(strncmp(json->text.data, "{\"Chat\":{\"event\":{\"New\":", 24) == 0);
  const kaiwa_event *again = NULL;
  OK(kaiwa_event_from_json(json->text, &again));
  CHECK(again->kind == KAIWA_EVENT_CHAT_NEW && again->message->text.len == 11 && again->account == 0);
  kaiwa_event_release(again);
  kaiwa_json_free(json);
  stop(&app);
}

static void every_request_of_the_header_is_answered(void) {
  struct app app;
  start(&app, NULL, 0);
  connect_it(&app);
  until(&app, KAIWA_EVENT_USER_NEW); /* who is in the channel */
  kaiwa_account *account = app.account;
  uint64_t request = 0;
  kaiwa_draft *draft = NULL;
  OK(kaiwa_draft_new(&draft));
  GIVES(KAIWA_ERR_STATE, kaiwa_draft_end(draft));
  GIVES(KAIWA_ERR_INVALID, kaiwa_draft_begin_style(draft, 99, 0));
  OK(kaiwa_draft_text(draft, KAIWA_STR("see ")));
  OK(kaiwa_draft_begin_style(draft, KAIWA_STYLE_BOLD, 0));
  OK(kaiwa_draft_begin_link(draft, KAIWA_STR("https://example.org/")));
  OK(kaiwa_draft_text(draft, KAIWA_STR("this")));
  GIVES(KAIWA_ERR_INVALID, kaiwa_account_send_draft(account, none, draft, &request));
  OK(kaiwa_draft_end(draft));
  OK(kaiwa_draft_end(draft));
  OK(kaiwa_draft_json(draft, KAIWA_STR("{\"Url\":\"https://example.org/2\"}")));
  GIVES(KAIWA_ERR_INVALID, kaiwa_draft_json(draft, KAIWA_STR("{\"Url\":7}")));
  kaiwa_channel_list *channels = NULL;
  OK(kaiwa_account_channels(account, &channels));
  CHECK(channels->len > 0 && channels->items[0]->members_len > 0);
  kaiwa_str channel = channels->items[0]->channel->id;
  OK(kaiwa_account_send_draft(account, channel, draft, &request));
  done(&app, request);
  CHECK(app.kept->message->content_len == 3);
  const kaiwa_fragment *styled = app.kept->message->content[1];
  CHECK(styled->kind == KAIWA_FRAGMENT_STYLED && styled->style == KAIWA_STYLE_BOLD);
  CHECK(styled->content_len == 1 && styled->content[0]->kind == KAIWA_FRAGMENT_LINK);
  CHECK(is(styled->content[0]->content[0]->text, "this"));

  kaiwa_message_list *messages = NULL;
  kaiwa_state *state = NULL;
  OK(kaiwa_account_state(account, &state));
  CHECK(state->status == KAIWA_CONNECTION_CONNECTED && state->user_id.len > 0);
  OK(kaiwa_account_messages(account, channel, 1, &messages));
  CHECK(messages->len == 1);
  kaiwa_str message = messages->items[0]->id;

  OK(kaiwa_draft_clear(draft));
  OK(kaiwa_draft_text(draft, KAIWA_STR("edited")));
  OK(kaiwa_account_edit_message(account, channel, message, draft, &request));
  done(&app, request);
  OK(kaiwa_account_react(account, channel, message, KAIWA_STR("\xF0\x9F\x91\x8D"), true, &request));
  done(&app, request);
  OK(kaiwa_account_mark_read(account, channel, message, &request));
  done(&app, request);
  OK(kaiwa_account_set_typing(account, channel, true, &request));
  done(&app, request);
  OK(kaiwa_account_request_history(account, channel, none, 10, &request));
  done(&app, request);
  OK(kaiwa_draft_clear(draft));
  OK(kaiwa_draft_reply(draft, message));
  GIVES(KAIWA_ERR_INVALID, kaiwa_account_send_draft(account, channel, draft, &request));
  OK(kaiwa_draft_text(draft, KAIWA_STR("an answer")));
  OK(kaiwa_account_send_draft(account, channel, draft, &request));
  done(&app, request);
  OK(kaiwa_account_remove_message(account, channel, message, &request));
  done(&app, request);
  OK(kaiwa_account_create_channel(account, KAIWA_STR("den"), KAIWA_CHANNEL_GROUP, none, true, &request));
  done(&app, request);

  kaiwa_channel_list *more = NULL;
  OK(kaiwa_account_channels(account, &more));
  CHECK(more->len == channels->len + 1); /* the first list is a snapshot */
  kaiwa_str den = none;
  for (size_t i = 0; i < more->len; i++)
    if (is(more->items[i]->channel->name, "den")) den = more->items[i]->channel->id;
  CHECK(den.len > 0);
  OK(kaiwa_account_join_channel(account, den, none, &request));
  done(&app, request);
  OK(kaiwa_account_switch_channel(account, den, &request));
  done(&app, request);
  kaiwa_member_list *members = NULL;
  OK(kaiwa_account_members(account, den, &members));
  kaiwa_member_list_free(members);
  kaiwa_asset_list *assets = NULL;
  OK(kaiwa_account_assets(account, none, &assets));
  kaiwa_capabilities *can = NULL;
  OK(kaiwa_account_capabilities(account, &can));
  CHECK(can->sends_len > 10 && kaiwa_account_can_send(account, KAIWA_EVENT_CHAT_NEW));
  GIVES(KAIWA_ERR_NOT_FOUND, kaiwa_account_members(account, KAIWA_STR("nowhere"), &members));
  CHECK(members == NULL);
  OK(kaiwa_account_members(account, none, &members));
  OK(kaiwa_account_leave_channel(account, den, &request));
  done(&app, request);
  OK(kaiwa_account_send_json(account, KAIWA_STR("{\"Status\":{\"event\":{\"Ping\":{\"artifact\":null}}}}"),
                             &request));
  done(&app, request);
  kaiwa_capabilities_free(can);
  kaiwa_asset_list_free(assets);
  kaiwa_member_list_free(members);
  kaiwa_channel_list_free(more);
  kaiwa_channel_list_free(channels);
  kaiwa_message_list_free(messages);
  kaiwa_state_free(state);
  kaiwa_draft_free(draft);
  stop(&app);
}

static void *read_and_release(void *userdata) {
  const kaiwa_event *kept = userdata;
  CHECK(is(kept->message->text, "kept") && kept->message->content_len == 1);
  kaiwa_event_release(kept);
  return NULL;
}

static void events_outlive_everything(void) {
  struct app app;
  start(&app, NULL, 0);
  connect_it(&app);
  OK(kaiwa_account_send_text(app.account, none, KAIWA_STR("kept"), NULL));
  until(&app, KAIWA_EVENT_CHAT_NEW);
  const kaiwa_event *kept = kaiwa_event_retain(app.kept);
  CHECK(kept == app.kept);
  stop(&app); /* its release is one of two */
  kaiwa_json *json = NULL;
  OK(kaiwa_event_json(kept, &json));
  CHECK(strstr(json->text.data, "kept") != NULL);
  kaiwa_json_free(json);
  pthread_t other;
  CHECK(pthread_create(&other, NULL, read_and_release, (void *)(uintptr_t)kept) == 0);
  CHECK(pthread_join(other, NULL) == 0);
}

static bool readable(int fd) {
  struct pollfd polled = {.fd = fd, .events = POLLIN};
  return poll(&polled, 1, 0) == 1;
}

static void the_descriptor_tells_when_events_wait(void) {
  struct app app;
  kaiwa_login_field flood = {KAIWA_STR("script"), KAIWA_STR("flood:500")};
  start(&app, &flood, 1);
  int fd = -1;
  OK(kaiwa_client_wakeup_fd(app.client, &fd));
  CHECK(fd >= 0 && !readable(fd));
  OK(kaiwa_account_connect(app.account));
  unsigned long told = 0;
  while (told < 500) {
    struct pollfd polled = {.fd = fd, .events = POLLIN};
    CHECK(poll(&polled, 1, LIMIT_MS) == 1);
    size_t got = 0;
    OK(kaiwa_client_pump(app.client, 0, 7, &got));
    CHECK(got >= 1 && got <= 7); /* never woken for nothing */
    told = (unsigned long)app.seen[KAIWA_EVENT_CHAT_NEW];
  }
  size_t got = 1;
  OK(kaiwa_account_disconnect(app.account));
  until(&app, KAIWA_EVENT_STATUS_DISCONNECTED);
  while (got) OK(kaiwa_client_pump(app.client, 0, 0, &got));
  CHECK(!readable(fd));
  OK(kaiwa_client_pump(app.client, 0, 0, NULL));
  stop(&app);
}

static void call_the_pump(struct app *app) {
  GIVES(KAIWA_ERR_REENTRANT, kaiwa_client_pump(app->client, 0, 0, NULL));
  OK(kaiwa_client_interrupt(app->client));
  OK(kaiwa_account_send_text(app->account, none, KAIWA_STR("from the handler"), NULL));
}

static void the_library_may_be_called_from_the_handler(void) {
  struct app app;
  start(&app, NULL, 0);
  app.during = call_the_pump;
  OK(kaiwa_account_connect(app.account));
  OK(kaiwa_client_pump(app.client, LIMIT_MS, 1, NULL));
  CHECK(app.during == NULL);
  size_t got = 1;
  while (strcmp(app.text, "from the handler") != 0) OK(kaiwa_client_pump(app.client, LIMIT_MS, 1, &got));
  stop(&app);
}

static void free_it(struct app *app) {
  kaiwa_account_free(app->account);
  kaiwa_client_free(app->client);
}

static void count_down(void *userdata) { (*(int *)userdata)--; }

static void a_client_may_be_freed_from_the_handler(void) {
  struct app app;
  start(&app, NULL, 0);
  app.during = free_it;
  OK(kaiwa_account_connect(app.account));
  GIVES(KAIWA_ERR_STATE, kaiwa_client_pump(app.client, LIMIT_MS, 0, NULL));
  CHECK(app.events == 1);
}

static void destroy_is_called_once(void) {
  struct app app;
  start(&app, NULL, 0);
  int left = 1;
  OK(kaiwa_client_set_event_handler(app.client, &left, count, count_down));
  CHECK(left == 1);
  OK(kaiwa_client_set_event_handler(app.client, &app, count, NULL)); /* replaced */
  CHECK(left == 0);
  left = 1;
  GIVES(KAIWA_ERR_INVALID, kaiwa_client_set_event_handler(NULL, &left, count, count_down));
  CHECK(left == 0); /* also if it fails */
  left = 1;
  GIVES(KAIWA_ERR_INVALID, kaiwa_client_set_wakeup_handler(NULL, &left, count_down, count_down));
  CHECK(left == 0);
  left = 1;
  OK(kaiwa_client_set_event_handler(app.client, &left, NULL, count_down)); /* nobody needs it */
  CHECK(left == 0);
  GIVES(KAIWA_ERR_STATE, kaiwa_client_pump(app.client, 0, 0, NULL));
  left = 1;
  OK(kaiwa_client_set_event_handler(app.client, &left, count, count_down));
  kaiwa_client_free(app.client);
  CHECK(left == 0);
  /* The account outlives its client, and says so. */
  GIVES(KAIWA_ERR_STATE, kaiwa_account_connect(app.account));
  GIVES(KAIWA_ERR_STATE, kaiwa_account_send_text(app.account, none, KAIWA_STR("x"), NULL));
  kaiwa_state *state = NULL;
  OK(kaiwa_account_state(app.account, &state)); /* what was known can still be read */
  CHECK(state->status == KAIWA_CONNECTION_DISCONNECTED);
  kaiwa_state_free(state);
  kaiwa_account_free(app.account);
}

struct poked {
  pthread_mutex_t lock;
  pthread_cond_t changed;
  int times;
  kaiwa_client *client;
  kaiwa_status status;
};

static void poke(void *userdata) {
  struct poked *poked = userdata;
  kaiwa_status status = kaiwa_client_interrupt(poked->client);
  pthread_mutex_lock(&poked->lock);
  poked->times++;
  poked->status = status;
  pthread_cond_signal(&poked->changed);
  pthread_mutex_unlock(&poked->lock);
}

static void wait_for(struct poked *poked, int times) {
  pthread_mutex_lock(&poked->lock);
  while (poked->times < times) pthread_cond_wait(&poked->changed, &poked->lock);
  pthread_mutex_unlock(&poked->lock);
}

static void the_wakeup_handler_is_called(void) {
  struct app app;
  start(&app, NULL, 0);
  struct poked poked = {PTHREAD_MUTEX_INITIALIZER, PTHREAD_COND_INITIALIZER, 0, app.client, KAIWA_OK};
  OK(kaiwa_client_set_wakeup_handler(app.client, &poked, poke, NULL));
  OK(kaiwa_account_connect(app.account));
  wait_for(&poked, 1);
  CHECK(poked.status == KAIWA_ERR_REENTRANT); /* it may only poke */
  until(&app, KAIWA_EVENT_STATUS_CONNECTED);
  /* Three events wait; a pump that leaves some behind pokes again. */
  OK(kaiwa_account_disconnect(app.account));
  size_t got = 0;
  while (app.seen[KAIWA_EVENT_STATUS_DISCONNECTED] == 0) {
    OK(kaiwa_client_pump(app.client, LIMIT_MS, 1, &got));
    CHECK(got == 1);
  }
  OK(kaiwa_client_set_wakeup_handler(app.client, NULL, NULL, NULL));
  stop(&app);
}

static void *interrupt_it(void *client) {
  OK(kaiwa_client_interrupt(client));
  return NULL;
}

static void a_pump_is_interrupted(void) {
  struct app app;
  start(&app, NULL, 0);
  size_t got = 7;
  OK(kaiwa_client_interrupt(app.client)); /* before it waits */
  OK(kaiwa_client_pump(app.client, -1, 0, &got));
  CHECK(got == 0);
  pthread_t other;
  CHECK(pthread_create(&other, NULL, interrupt_it, app.client) == 0);
  OK(kaiwa_client_pump(app.client, -1, 0, &got)); /* while or before it waits */
  CHECK(got == 0 && pthread_join(other, NULL) == 0);
  stop(&app);
}

static void shutdown_ends_the_stream(void) {
  struct app app;
  start(&app, NULL, 0);
  connect_it(&app);
  OK(kaiwa_client_shutdown(app.client, LIMIT_MS));
  OK(kaiwa_client_shutdown(app.client, LIMIT_MS));
  GIVES(KAIWA_ERR_STATE, kaiwa_account_connect(app.account));
  GIVES(KAIWA_ERR_STATE, kaiwa_account_send_text(app.account, none, KAIWA_STR("x"), NULL));
  kaiwa_account *account;
  GIVES(KAIWA_ERR_STATE, kaiwa_account_new(app.client, KAIWA_STR("mock"), NULL, 0, &account));
  int fd = -1;
  OK(kaiwa_client_wakeup_fd(app.client, &fd));
  CHECK(readable(fd));
  kaiwa_status status;
  struct pollfd polled = {.fd = fd, .events = POLLIN};
  while ((status = kaiwa_client_pump(app.client, -1, 1, NULL)) == KAIWA_OK)
    CHECK(poll(&polled, 1, LIMIT_MS) == 1); /* for what is left, or to be told of the end */
  CHECK(status == KAIWA_ERR_STATE && app.seen[KAIWA_EVENT_STATUS_DISCONNECTED] == 1);
  CHECK(!readable(fd));
  GIVES(KAIWA_ERR_STATE, kaiwa_client_pump(app.client, -1, 0, NULL));
  stop(&app);
}

static void ignore(void *unused) { (void)unused; }

/* Everything that may be called from any thread, at once. */
static void use_all(struct app *app) {
  kaiwa_state *state = NULL;
  kaiwa_capabilities *can = NULL;
  kaiwa_channel_list *channels = NULL;
  kaiwa_member_list *members = NULL;
  kaiwa_asset_list *assets = NULL;
  OK(kaiwa_account_state(app->account, &state));
  OK(kaiwa_account_capabilities(app->account, &can));
  OK(kaiwa_account_channels(app->account, &channels));
  OK(kaiwa_account_members(app->account, none, &members));
  OK(kaiwa_account_assets(app->account, none, &assets));
  for (size_t i = 0; i < channels->len; i++) {
    kaiwa_message_list *messages = NULL;
    OK(kaiwa_account_messages(app->account, channels->items[i]->channel->id, 3, &messages));
    for (size_t j = 0; j < messages->len; j++) CHECK(messages->items[j]->text.data);
    kaiwa_message_list_free(messages);
  }
  kaiwa_asset_list_free(assets);
  kaiwa_member_list_free(members);
  kaiwa_channel_list_free(channels);
  kaiwa_capabilities_free(can);
  kaiwa_state_free(state);
  OK(kaiwa_account_set_userdata(app->account, app));
  CHECK(kaiwa_account_userdata(app->account) == app && kaiwa_account_id(app->account) > 0);
  OK(kaiwa_client_set_wakeup_handler(app->client, NULL, ignore, ignore));
  OK(kaiwa_client_network_changed(app->client));
  OK(kaiwa_client_interrupt(app->client));
  kaiwa_account *own = NULL;
  OK(kaiwa_account_new(app->client, KAIWA_STR("mock"), NULL, 0, &own));
  OK(kaiwa_account_connect(own));
  kaiwa_account_free(own);
}

static void *send_many(void *userdata) {
  struct app *app = userdata;
  kaiwa_draft *draft = NULL;
  OK(kaiwa_draft_new(&draft));
  OK(kaiwa_draft_text(draft, KAIWA_STR("many")));
  for (int i = 0; i < 200;) {
    if (i % 20 == 0) use_all(app);
    kaiwa_status status = i % 2 ? kaiwa_account_send_text(app->account, none, KAIWA_STR("many"), NULL)
                                : kaiwa_account_send_draft(app->account, none, draft, NULL);
    CHECK(status == KAIWA_OK || status == KAIWA_ERR_FULL);
    i += status == KAIWA_OK;
  }
  kaiwa_draft_free(draft);
  return NULL;
}

static void four_threads_use_one_client(void) {
  struct app app;
  start(&app, NULL, 0);
  connect_it(&app);
  pthread_t threads[4];
  for (int i = 0; i < 4; i++) CHECK(pthread_create(&threads[i], NULL, send_many, &app) == 0);
  int ended = 0;
  while (ended < 800) {
    OK(kaiwa_client_pump(app.client, LIMIT_MS, 0, NULL));
    ended = app.seen[KAIWA_EVENT_STATUS_DONE] + app.seen[KAIWA_EVENT_STATUS_FAILED];
  }
  for (int i = 0; i < 4; i++) CHECK(pthread_join(threads[i], NULL) == 0);
  CHECK(ended == 800 && app.seen[KAIWA_EVENT_STATUS_DONE] == 800);
  stop(&app);
}

static struct {
  pthread_mutex_t lock;
  pthread_cond_t changed;
  bool inside, go;
} turn = {PTHREAD_MUTEX_INITIALIZER, PTHREAD_COND_INITIALIZER, false, false};

/* Stays in the handler until it is told to go. */
static void linger(struct app *app) {
  (void)app;
  pthread_mutex_lock(&turn.lock);
  turn.inside = true;
  pthread_cond_signal(&turn.changed);
  while (!turn.go) pthread_cond_wait(&turn.changed, &turn.lock);
  pthread_mutex_unlock(&turn.lock);
}

static void *pump_once(void *userdata) {
  struct app *app = userdata;
  kaiwa_status status = kaiwa_client_pump(app->client, -1, 0, NULL);
  CHECK(status == KAIWA_OK || status == KAIWA_ERR_STATE);
  return NULL;
}

static void one_thread_pumps_at_a_time(void) {
  struct app app;
  start(&app, NULL, 0);
  app.during = linger;
  OK(kaiwa_account_connect(app.account));
  pthread_t other;
  CHECK(pthread_create(&other, NULL, pump_once, &app) == 0);
  pthread_mutex_lock(&turn.lock);
  while (!turn.inside) pthread_cond_wait(&turn.changed, &turn.lock);
  pthread_mutex_unlock(&turn.lock);
  GIVES(KAIWA_ERR_STATE, kaiwa_client_pump(app.client, 0, 0, NULL));
  pthread_mutex_lock(&turn.lock);
  turn.go = true;
  pthread_cond_signal(&turn.changed);
  pthread_mutex_unlock(&turn.lock);
  kaiwa_account_free(app.account);
  kaiwa_client_free(app.client); /* waits for the other thread to leave the handler */
  CHECK(pthread_join(other, NULL) == 0);
}

static void signals_are_the_applications(void) {
  sigset_t usr1, before;
  sigemptyset(&usr1);
  sigaddset(&usr1, SIGUSR1);
  CHECK(pthread_sigmask(SIG_BLOCK, &usr1, &before) == 0);
  struct app app;
  start(&app, NULL, 0);
  connect_it(&app);
  /* Were it open in a thread of the library's, it would end the process. */
  CHECK(kill(getpid(), SIGUSR1) == 0);
  int got = 0;
  CHECK(sigwait(&usr1, &got) == 0 && got == SIGUSR1);
  sigset_t after;
  CHECK(pthread_sigmask(SIG_SETMASK, &before, &after) == 0);
  CHECK(!sigismember(&after, SIGUSR2)); /* ours is as it was */
  stop(&app);
}

static void a_forked_child_is_told(void) {
  struct app app;
  start(&app, NULL, 0);
  connect_it(&app);
  pid_t child = fork();
  CHECK(child >= 0);
  if (child == 0) {
    GIVES(KAIWA_ERR_STATE, kaiwa_account_send_text(app.account, none, KAIWA_STR("x"), NULL));
    GIVES(KAIWA_ERR_STATE, kaiwa_client_pump(app.client, -1, 0, NULL));
    kaiwa_account_free(app.account);
    kaiwa_client_free(app.client);
    struct app own;
    start(&own, NULL, 0);
    connect_it(&own);
    stop(&own);
    _exit(0); /* what the parent holds is not the child's to give back */
  }
  int status = 1;
  CHECK(waitpid(child, &status, 0) == child && WIFEXITED(status) && WEXITSTATUS(status) == 0);
  stop(&app);
}

struct log_lines {
  pthread_mutex_t lock;
  int lines;
};

static void take_line(void *userdata, int32_t level, kaiwa_str target, kaiwa_str message) {
  struct log_lines *log = userdata;
  CHECK(level >= KAIWA_LOG_ERROR && level <= KAIWA_LOG_TRACE);
  CHECK(target.len > 0 && target.data[target.len] == '\0' && message.data[message.len] == '\0');
  CHECK(kaiwa_account_id(NULL) == 0); /* refused, not a deadlock */
  pthread_mutex_lock(&log->lock);
  log->lines++;
  pthread_mutex_unlock(&log->lock);
}

static void the_log_is_handed_out(void) {
  struct log_lines log = {PTHREAD_MUTEX_INITIALIZER, 0};
  OK(kaiwa_set_log_handler(KAIWA_LOG_TRACE, &log, take_line, NULL));
  struct app app;
  kaiwa_login_field garbage = {KAIWA_STR("script"), KAIWA_STR("garbage:3")};
  start(&app, &garbage, 1);
  connect_it(&app);
  uint64_t request = 0;
  OK(kaiwa_account_send_text(app.account, none, KAIWA_STR("x"), &request));
  done(&app, request); /* what came before was read */
  OK(kaiwa_account_disconnect(app.account));
  until(&app, KAIWA_EVENT_STATUS_DISCONNECTED);
  stop(&app);
  OK(kaiwa_set_log_handler(KAIWA_LOG_OFF, NULL, NULL, NULL));
  CHECK(log.lines > 0);
}

static void accounts_come_from_json(void) {
  struct app app;
  start(&app, NULL, 0);
  kaiwa_account *account = NULL;
  OK(kaiwa_account_new_from_json(
      app.client,
      KAIWA_STR("{\"auth\":[{\"name\":\"name\",\"display\":null,\"value\":{\"Text\":\"ann\"},"
                "\"required\":false}],\"protocol_name\":\"mock\",\"private_profile\":null,"
                "\"autoconnect\":false}"),
      &account));
  CHECK(kaiwa_account_id(account) != kaiwa_account_id(app.account));
  OK(kaiwa_account_connect(account));
  until(&app, KAIWA_EVENT_STATUS_CONNECTED);
  kaiwa_login_field name = {KAIWA_STR("name"), KAIWA_STR("bob")};
  OK(kaiwa_account_set_fields(account, &name, 1));
  kaiwa_account_free(account);
  stop(&app);
}

/* Programs that end while everything runs: from main, from the handler, and while another thread waits in the pump. */
static int leave_at_once(void) {
  static struct app app;
  start(&app, NULL, 0);
  connect_it(&app);
  return 0;
}

static void exit_now(struct app *app) {
  (void)app;
  exit(0);
}

static int leave_from_the_handler(void) {
  static struct app app;
  start(&app, NULL, 0);
  app.during = exit_now;
  OK(kaiwa_account_connect(app.account));
  OK(kaiwa_client_pump(app.client, LIMIT_MS, 0, NULL));
  return 1;
}

static int leave_while_another_pumps(void) {
  static struct app app;
  start(&app, NULL, 0);
  app.during = linger;
  OK(kaiwa_account_connect(app.account));
  pthread_t other;
  CHECK(pthread_create(&other, NULL, pump_once, &app) == 0);
  pthread_mutex_lock(&turn.lock);
  while (!turn.inside) pthread_cond_wait(&turn.changed, &turn.lock);
  pthread_mutex_unlock(&turn.lock);
  return 0;
}

int main(int argc, char **argv) {
  /* Apart from the others, which run under tools that count what is not freed. */
  if (argc > 1 && strcmp(argv[1], "leave") == 0) return leave_at_once();
  if (argc > 1 && strcmp(argv[1], "leave-handler") == 0) return leave_from_the_handler();
  if (argc > 1 && strcmp(argv[1], "leave-pump") == 0) return leave_while_another_pumps();
  if (argc > 1 && strcmp(argv[1], "fork") == 0) return a_forked_child_is_told(), 0;
  versions_and_names();
  protocols_are_data();
  bad_arguments_are_refused();
  options_have_a_size();
  a_panic_becomes_a_status();
  the_last_error_is_of_the_thread();
  messages_come_back();
  events_outlive_everything();
  every_request_of_the_header_is_answered();
  the_descriptor_tells_when_events_wait();
  the_library_may_be_called_from_the_handler();
  a_client_may_be_freed_from_the_handler();
  destroy_is_called_once();
  the_wakeup_handler_is_called();
  a_pump_is_interrupted();
  shutdown_ends_the_stream();
  four_threads_use_one_client();
  one_thread_pumps_at_a_time();
  signals_are_the_applications();
  accounts_come_from_json();
  the_log_is_handed_out();
  return 0;
}

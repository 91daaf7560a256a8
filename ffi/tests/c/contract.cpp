// The promises of kaiwa.hpp as assertions, on the network in memory. It prints nothing if all hold.
#include <kaiwa.hpp>
#include <poll.h>

#include <atomic>
#include <cstdlib>
#include <iostream>
#include <sstream>
#include <thread>
#include <vector>

#define CHECK(what)                                                                              \
  do {                                                                                           \
    if (!(what)) {                                                                               \
      std::cerr << __FILE__ << ':' << __LINE__ << ": " << #what << " (last error: "              \
                << kaiwa::last_error() << ")\n";                                                 \
      std::exit(1);                                                                              \
    }                                                                                            \
  } while (0)

// Far more than anything needs; only a hang reaches it.
constexpr std::chrono::milliseconds limit{30000};

static_assert(!std::is_copy_constructible_v<kaiwa::client> && std::is_nothrow_move_constructible_v<kaiwa::client>);
static_assert(!std::is_copy_constructible_v<kaiwa::account> && std::is_nothrow_move_assignable_v<kaiwa::account>);
static_assert(!std::is_copy_constructible_v<kaiwa::draft> && std::is_nothrow_move_constructible_v<kaiwa::draft>);
static_assert(!std::is_copy_constructible_v<kaiwa::message_list> && !std::is_copy_constructible_v<kaiwa::state>);
static_assert(std::is_nothrow_copy_constructible_v<kaiwa::event> && std::is_nothrow_move_constructible_v<kaiwa::event>);
static_assert(sizeof(kaiwa::account) == sizeof(void *) && sizeof(kaiwa::event) == sizeof(void *));
static_assert(noexcept(std::declval<kaiwa::account &>().connect(std::declval<std::error_code &>())));
static_assert(std::is_base_of_v<std::exception, kaiwa::error>);

template <class F>
static kaiwa_status thrown_by(F &&call) {
  try {
    call();
  } catch (const kaiwa::error &error) {
    CHECK(*error.what() != '\0');
    CHECK(error.code() == error.status());
    return error.status();
  }
  return KAIWA_OK;
}

// An application that keeps what it gets.
struct app {
  kaiwa::client client;
  kaiwa::account account;
  std::vector<kaiwa::event> seen;

  explicit app(kaiwa::fields form = {}) : account(client, "mock", form) {
    client.on_event([this](const kaiwa_event &event) { seen.emplace_back(event); });
  }

  // Pumps until there is one; what came before it is forgotten.
  template <class Predicate>
  kaiwa::event until(Predicate is_it) {
    for (;;) {
      for (std::size_t at = 0; at < seen.size(); at++) {
        if (!is_it(*seen[at])) continue;
        const kaiwa::event found = seen[at];
        seen.erase(seen.begin(), seen.begin() + static_cast<std::ptrdiff_t>(at) + 1);
        return found;
      }
      CHECK(client.pump(limit) > 0);
    }
  }
  kaiwa::event until(kaiwa_event_kind kind) {
    return until([kind](const kaiwa_event &event) { return event.kind == kind; });
  }
  void connect() {
    account.connect();
    until(KAIWA_EVENT_STATUS_CONNECTED);
  }
  void done(kaiwa::request request) {
    CHECK(request != 0);
    const kaiwa::event end = until([request](const kaiwa_event &event) {
      return event.request == request &&
             (event.kind == KAIWA_EVENT_STATUS_DONE || event.kind == KAIWA_EVENT_STATUS_FAILED);
    });
    CHECK(end->kind == KAIWA_EVENT_STATUS_DONE);
  }
};

static void strings_are_views() {
  const kaiwa_str none = {nullptr, 0};
  CHECK(kaiwa::view(none).empty() && none == "" && none == std::string_view());
  CHECK(kaiwa::str({}).data == nullptr && kaiwa::str("").data != nullptr);
  const kaiwa_str text = KAIWA_STR("a\0b");
  CHECK(text == std::string_view("a\0b", 3) && text != "a");
  std::ostringstream out;
  out << KAIWA_STR("shown") << none;
  CHECK(out.str() == "shown");
}

static void errors_are_exceptions_or_codes() {
  const kaiwa::client client;
  CHECK(thrown_by([&] { kaiwa::account(client, "nonsense"); }) == KAIWA_ERR_NOT_FOUND);
  CHECK(thrown_by([&] { kaiwa::account(client, "mock", {kaiwa::field("shoe_size", "42")}); }) == KAIWA_ERR_INVALID);
  CHECK(kaiwa::last_error().find("shoe_size") != std::string_view::npos);
  CHECK(thrown_by([] { kaiwa::find_protocol("nonsense"); }) == KAIWA_ERR_NOT_FOUND);
  CHECK(thrown_by([] { kaiwa::draft().end(); }) == KAIWA_ERR_STATE);
  CHECK(thrown_by([&] { client.pump(); }) == KAIWA_ERR_STATE);  // no handler

  std::error_code code;
  const kaiwa::account none(client, "nonsense", {}, code);
  CHECK(code == KAIWA_ERR_NOT_FOUND && none.get() == nullptr);
  CHECK(code.message() == "KAIWA_ERR_NOT_FOUND" && code.category() == kaiwa::category());
  CHECK(std::error_code(-12345, kaiwa::category()).message() == "status -12345");
  const kaiwa::account account(client, "mock", {}, code);
  CHECK(!code && account.get() != nullptr);
  CHECK(account.send_text({}, "x", code) == 0 && code == KAIWA_ERR_STATE);
  CHECK(account.members("nowhere", code).empty() && code == KAIWA_ERR_NOT_FOUND);
  CHECK(kaiwa::find_protocol("nonsense", code) == nullptr && code == KAIWA_ERR_NOT_FOUND);
  CHECK(!kaiwa::event::from_json("[]", code) && code == KAIWA_ERR_INVALID);
  account.connect(code);
  CHECK(!code);

  kaiwa_client_options options = KAIWA_CLIENT_OPTIONS_INIT;
  options.threads = 1000000;
  CHECK(thrown_by([&] { kaiwa::client bad(options); }) == KAIWA_ERR_INVALID);
  const kaiwa::client bad(options, code);
  CHECK(code == KAIWA_ERR_INVALID && bad.get() == nullptr);
}

static void protocols_are_iterable() {
  bool listed = false, asks_password = false, sends_text = false;
  for (const kaiwa_protocol &protocol : kaiwa::protocols()) listed |= protocol.name == "mock";
  const kaiwa_protocol &mock = kaiwa::find_protocol("mock");
  for (const kaiwa_field &field : kaiwa::each(mock.fields, mock.fields_len))
    asks_password |= field.kind == KAIWA_FIELD_PASSWORD;
  for (const kaiwa_event_kind kind : kaiwa::each(mock.capabilities->sends, mock.capabilities->sends_len))
    sends_text |= kind == KAIWA_EVENT_CHAT_NEW;
  CHECK(listed && asks_password && sends_text);
}

static void messages_come_back() {
  app app(std::vector{kaiwa::field("name", "ann")});
  int mine = 0;
  app.account.set_userdata(&mine);
  app.connect();
  CHECK(app.account.userdata() == &mine && app.account.can_send(KAIWA_EVENT_CHAT_NEW));
  app.until(KAIWA_EVENT_USER_NEW);  // who is in the channel
  const kaiwa::channel_list channels = app.account.channels();
  CHECK(!channels.empty());
  const auto here = kaiwa::view(channels[0].channel->id);
  kaiwa::draft draft;
  draft.text("see ").begin_style(KAIWA_STYLE_BOLD).begin_link("https://example.org/").text("this").end().end();
  const kaiwa::request request = app.account.send_draft(here, draft);
  const kaiwa::event said = app.until(KAIWA_EVENT_CHAT_NEW);
  app.done(request);
  CHECK(said->request == request && said->account_userdata == &mine && said->message->text == "see this");
  const auto content = kaiwa::each(said->message->content, said->message->content_len);
  CHECK(content.size() == 2 && content[1].style == KAIWA_STYLE_BOLD);

  const kaiwa::event again = kaiwa::event::from_json(kaiwa::to_json(*said));
  CHECK(again->message->text == "see this");

  const kaiwa::state state = app.account.state();
  CHECK(state->status == KAIWA_CONNECTION_CONNECTED && state->user_id != "");
  std::string last;
  for (const kaiwa_message &message : app.account.messages(here)) last = kaiwa::view(message.id);
  CHECK(app.account.messages(here, 1)[0].id == last);
  app.done(app.account.edit_message(here, last, draft.clear().text("edited")));
  app.done(app.account.react(here, last, "\xF0\x9F\x91\x8D", true));
  app.done(app.account.mark_read(here, last));
  app.done(app.account.set_typing(here, true));
  app.done(app.account.request_history(here, {}, 10));
  app.done(app.account.remove_message(here, last));
  app.done(app.account.create_channel("den", KAIWA_CHANNEL_GROUP, {}, true));
  std::string den;
  for (const kaiwa_channel_state &one : app.account.channels())
    if (one.channel->name == "den") den = kaiwa::view(one.channel->id);
  CHECK(!den.empty());
  app.done(app.account.join_channel(den));
  app.done(app.account.switch_channel(den));
  app.done(app.account.leave_channel(den));
  app.done(app.account.send_json(R"({"Status":{"event":{"Ping":{"artifact":null}}}})"));
  CHECK(app.account.capabilities()->sends_len > 10);
  CHECK(!app.account.members(here).empty() && app.account.assets().size() < 1000);
}

static void events_outlive_everything() {
  kaiwa::event kept;
  CHECK(!kept);
  {
    app app;
    app.connect();
    app.account.send_text({}, "kept");
    kept = app.until(KAIWA_EVENT_CHAT_NEW);
  }
  kaiwa::event copy = kept;
  const kaiwa::event moved = std::move(kept);
  std::thread([copy = std::move(copy)] { CHECK(copy->message->text == "kept"); }).join();
  CHECK(moved->message->text == "kept");
}

static void handles_move() {
  app first;
  std::vector<kaiwa::account> accounts;
  accounts.push_back(std::move(first.account));
  kaiwa::client client = std::move(first.client);
  CHECK(first.client.get() == nullptr && first.account.get() == nullptr);
  CHECK(thrown_by([&] { first.account.connect(); }) == KAIWA_ERR_INVALID);
  accounts[0].connect();
  CHECK(client.pump(limit, 1) == 1);
  client = kaiwa::client();  // frees the other
  CHECK(thrown_by([&] { accounts[0].connect(); }) == KAIWA_ERR_STATE);
}

static void what_a_handler_throws_comes_out_of_the_pump() {
  app app(std::initializer_list<kaiwa_login_field>{kaiwa::field("script", "flood:20")});
  int told = 0;
  // Move-only, and freed with its handler.
  auto counted = std::make_shared<int>(0);
  app.client.on_event([&told, counted, only = std::make_unique<int>(7)](const kaiwa_event &event) {
    if (event.kind == KAIWA_EVENT_CHAT_NEW && ++told % *only == 0) throw told;
  });
  app.account.connect();
  int caught = 0;
  std::uint64_t pumped = 0;
  while (told < 20) {
    try {
      pumped += app.client.pump(limit);
    } catch (int at) {
      CHECK(at == told && at % 7 == 0);  // no event came after it
      caught++;
    }
  }
  CHECK(caught == 2 && pumped > 0 && counted.use_count() == 2);
  app.client.on_event(nullptr);
  CHECK(counted.use_count() == 1);
  CHECK(thrown_by([&] { app.client.pump(); }) == KAIWA_ERR_STATE);
}

static void a_handler_may_replace_itself_and_throw() {
  app app;
  bool replaced = false;
  int later = 0;
  app.client.on_event([&](const kaiwa_event &) {
    replaced = true;
    app.client.on_event([&](const kaiwa_event &) { later++; });
    throw std::runtime_error("after that");
  });
  app.account.connect();
  bool caught = false;
  while (later == 0) {
    try {
      app.client.pump(limit, 1);
    } catch (const std::runtime_error &) {
      CHECK(replaced && !caught);
      caught = true;
    }
  }
  CHECK(caught);
}

static void a_handler_may_free_its_client() {
  for (const bool throws : {false, true}) {
    auto client = std::make_unique<kaiwa::client>();
    const kaiwa::account account(*client, "mock");
    client->on_event([&](const kaiwa_event &) {
      client.reset();
      if (throws) throw std::runtime_error("gone");
    });
    account.connect();
    bool caught = false;
    try {
      CHECK(thrown_by([&] { client->pump(limit); }) == KAIWA_ERR_STATE);
    } catch (const std::runtime_error &) {
      caught = true;
    }
    CHECK(caught == throws && !client);
    CHECK(thrown_by([&] { account.connect(); }) == KAIWA_ERR_STATE);
  }
}

static void three_ways_to_wake_up() {
  app app;
  const int fd = app.client.wakeup_fd();
  pollfd polled = {fd, POLLIN, 0};
  CHECK(poll(&polled, 1, 0) == 0);
  std::atomic<int> pokes{0};
  app.client.on_wakeup([&] {
    pokes++;
    throw pokes.load();
  });
  app.account.connect();
  CHECK(poll(&polled, 1, static_cast<int>(limit.count())) == 1);
  bool caught = false;
  while (!caught) {
    try {
      app.client.pump(std::chrono::milliseconds(0));
    } catch (int) {
      caught = true;
    }
  }
  CHECK(pokes > 0);
  app.client.on_wakeup(nullptr);
  app.client.interrupt();
  std::thread other([&] { app.client.interrupt(); });
  other.join();
  app.client.network_changed();
}

static void shutdown_ends_the_stream() {
  app app;
  app.connect();
  app.client.shutdown(limit);
  std::error_code code;
  while (!code) app.client.pump(kaiwa::forever, 1, code);
  CHECK(code == KAIWA_ERR_STATE && app.seen.back()->kind == KAIWA_EVENT_STATUS_DISCONNECTED);
}

static void the_log_is_handed_out() {
  std::atomic<int> lines{0};
  kaiwa::on_log(KAIWA_LOG_TRACE, [&](std::int32_t, std::string_view target, std::string_view) {
    if (!target.empty()) lines++;
    throw 7;  // dropped
  });
  {
    app app({kaiwa::field("script", "garbage:3")});
    app.connect();
    app.done(app.account.send_text({}, "what came before was read"));
    app.account.disconnect();
    app.until(KAIWA_EVENT_STATUS_DISCONNECTED);
  }
  kaiwa::on_log(nullptr);
  CHECK(lines > 0);
}

int main() {
  strings_are_views();
  errors_are_exceptions_or_codes();
  protocols_are_iterable();
  messages_come_back();
  events_outlive_everything();
  handles_move();
  what_a_handler_throws_comes_out_of_the_pump();
  a_handler_may_replace_itself_and_throw();
  a_handler_may_free_its_client();
  three_ways_to_wake_up();
  shutdown_ends_the_stream();
  the_log_is_handed_out();
}

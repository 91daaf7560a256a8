/**
 * kaiwa for C++17: the handles of kaiwa.h as values that free themselves. Header-only.
 *
 * kaiwa.h is the manual: a member here does what the C function of its name does, from the same threads, and its
 * comments hold.
 * What is different:
 *
 * - Handles are move-only and freed by their destructors, in any order. One that was moved from may only be assigned or destroyed.
 * - Strings go in as std::string_view (`{}` is "none", `""` is the empty string). What the library shows are its own read-only
 *   structs; `kaiwa::view` makes a std::string_view of a string in them, and `==`, `!=` and `<<` take them as they are.
 *   `kaiwa::each` makes a range of an array in them.
 * - What fails throws kaiwa::error. Each call also takes a std::error_code& as its last argument; that one is noexcept and sets
 *   it, to success too. It compares with statuses: `if (code == KAIWA_ERR_FULL)`. Memory that runs out ends the process then.
 * - Callbacks are anything that can be called, move-only lambdas too. What the event or wakeup handler throws comes out of
 *   `client::pump`; events after the one whose handler threw wait for the next pump, and none is lost.
 */

#ifndef KAIWA_HPP
#define KAIWA_HPP

#include <kaiwa.h>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <initializer_list>
#include <iterator>
#include <memory>
#include <mutex>
#include <ostream>
#include <stdexcept>
#include <string>
#include <string_view>
#include <system_error>
#include <type_traits>
#include <utility>

namespace kaiwa {

/** A string of the library's. It is valid as long as what holds it is. */
inline std::string_view view(kaiwa_str text) noexcept {
  return text.data ? std::string_view(text.data, text.len) : std::string_view();
}

/** A string for a function of kaiwa.h. Nothing is copied. */
inline kaiwa_str str(std::string_view text) noexcept { return {text.data(), text.size()}; }

}  // namespace kaiwa

/* Where lookup finds them: the types of kaiwa.h lie outside of all namespaces. */

inline bool operator==(kaiwa_str a, std::string_view b) noexcept { return kaiwa::view(a) == b; }
inline bool operator!=(kaiwa_str a, std::string_view b) noexcept { return kaiwa::view(a) != b; }
inline std::ostream &operator<<(std::ostream &out, kaiwa_str text) { return out << kaiwa::view(text); }

namespace kaiwa {

/** The category of statuses; the message of one is its name. */
inline const std::error_category &category() noexcept {
  struct statuses final : std::error_category {
    const char *name() const noexcept override { return "kaiwa"; }
    std::string message(int status) const override {
      const kaiwa_str known = kaiwa_status_name(status);
      return known.data ? std::string(view(known)) : "status " + std::to_string(status);
    }
  };
  static const statuses only;
  return only;
}

}  // namespace kaiwa

inline std::error_code make_error_code(kaiwa_status status) noexcept {
  return {static_cast<int>(status), kaiwa::category()};
}

template <>
struct std::is_error_code_enum<kaiwa_status> : std::true_type {};

namespace kaiwa {

/** Why the last call that failed on this thread did, for a person. Valid until the next one that fails. */
inline std::string_view last_error() noexcept { return view(kaiwa_last_error()->message); }

/** A call that failed; `what()` is the reason, one line for a person. */
class error : public std::runtime_error {
 public:
  error(kaiwa_status status, const std::string &text) : std::runtime_error(text), status_(status) {}
  /** What an event says in `error`. */
  explicit error(const kaiwa_error &shown) : error(shown.status, std::string(view(shown.message))) {}

  kaiwa_status status() const noexcept { return status_; }
  std::error_code code() const noexcept { return status_; }

 private:
  kaiwa_status status_;
};

namespace detail {

template <auto Free>
struct freer {
  template <class T>
  void operator()(T *handle) const noexcept {
    Free(handle);
  }
};

template <class T, auto Free>
using handle = std::unique_ptr<T, freer<Free>>;

inline void check(kaiwa_status status) {
  if (status != KAIWA_OK) throw error(status, std::string(last_error()));
}

/** Calls a function whose last argument is where its result goes. */
template <class Result, class Function, class... Arguments>
Result get(Function function, Arguments... arguments) {
  Result result{};
  check(function(arguments..., &result));
  return result;
}

template <class Result, class Function, class... Arguments>
Result get(std::error_code &code, Function function, Arguments... arguments) noexcept {
  Result result{};
  code = function(arguments..., &result);
  return result;
}

template <class F>
using if_callback = std::enable_if_t<!std::is_null_pointer_v<std::decay_t<F>>>;

}  // namespace detail

/** A range over an array of the library's: of pointers, which it follows, or of values. */
template <class Element>
class range {
 public:
  using value_type = std::remove_const_t<std::remove_pointer_t<Element>>;

  class iterator {
   public:
    using iterator_category = std::forward_iterator_tag;
    using value_type = range::value_type;
    using difference_type = std::ptrdiff_t;
    using pointer = const value_type *;
    using reference = const value_type &;

    iterator() = default;
    explicit iterator(const Element *at) noexcept : at_(at) {}
    reference operator*() const noexcept { return range::element(at_); }
    pointer operator->() const noexcept { return &range::element(at_); }
    iterator &operator++() noexcept { return ++at_, *this; }
    iterator operator++(int) noexcept { return iterator(at_++); }
    friend bool operator==(iterator a, iterator b) noexcept { return a.at_ == b.at_; }
    friend bool operator!=(iterator a, iterator b) noexcept { return a.at_ != b.at_; }

   private:
    const Element *at_ = nullptr;
  };

  range(const Element *first, std::size_t size) noexcept : first_(first), size_(size) {}

  iterator begin() const noexcept { return iterator(first_); }
  iterator end() const noexcept { return iterator(first_ ? first_ + size_ : nullptr); }
  std::size_t size() const noexcept { return size_; }
  bool empty() const noexcept { return size_ == 0; }
  const value_type &operator[](std::size_t index) const noexcept { return element(first_ + index); }

 private:
  static const value_type &element(const Element *at) noexcept {
    if constexpr (std::is_pointer_v<Element>) {
      return **at;
    } else {
      return *at;
    }
  }

  const Element *first_;
  std::size_t size_;
};

/** What an array member holds: `for (const kaiwa_message &message : kaiwa::each(event.messages, event.messages_len))`. */
template <class Element>
range<Element> each(const Element *first, std::size_t size) noexcept {
  return {first, size};
}

/** Something that was read at one moment and is the caller's: `state->status`. Empty after an error. */
template <class T, auto Free>
class snapshot {
 public:
  snapshot() = default;
  explicit snapshot(T *owned) noexcept : owned_(owned) {}
  explicit operator bool() const noexcept { return owned_ != nullptr; }
  const T &operator*() const noexcept { return *owned_; }
  const T *operator->() const noexcept { return owned_.get(); }

 private:
  detail::handle<T, Free> owned_;
};

/** A list that was read at one moment and is the caller's: `for (const kaiwa_message &message : list)`. */
template <class T, auto Free>
class list {
 public:
  using range_type = range<std::remove_const_t<std::remove_pointer_t<decltype(T::items)>>>;
  using value_type = typename range_type::value_type;

  list() = default;
  explicit list(T *owned) noexcept : owned_(owned) {}
  auto begin() const noexcept { return all().begin(); }
  auto end() const noexcept { return all().end(); }
  std::size_t size() const noexcept { return owned_ ? owned_->len : 0; }
  bool empty() const noexcept { return size() == 0; }
  const value_type &operator[](std::size_t index) const noexcept { return all()[index]; }

 private:
  range_type all() const noexcept { return {owned_ ? owned_->items : nullptr, size()}; }

  detail::handle<T, Free> owned_;
};

using state = snapshot<kaiwa_state, kaiwa_state_free>;
using capabilities = snapshot<kaiwa_capabilities, kaiwa_capabilities_free>;
using channel_list = list<kaiwa_channel_list, kaiwa_channel_list_free>;
using member_list = list<kaiwa_member_list, kaiwa_member_list_free>;
using message_list = list<kaiwa_message_list, kaiwa_message_list_free>;
using asset_list = list<kaiwa_asset_list, kaiwa_asset_list_free>;

/** The networks in this library. */
inline auto protocols() noexcept { return each(kaiwa_protocols()->items, kaiwa_protocols()->len); }

/** The network of that name. */
inline const kaiwa_protocol &find_protocol(std::string_view name) {
  return *detail::get<const kaiwa_protocol *>(kaiwa_protocol_find, str(name));
}

/** Like the other; NULL if there is none. */
inline const kaiwa_protocol *find_protocol(std::string_view name, std::error_code &code) noexcept {
  return detail::get<const kaiwa_protocol *>(code, kaiwa_protocol_find, str(name));
}

/** An event in JSON. */
inline std::string to_json(const kaiwa_event &event) {
  const detail::handle<kaiwa_json, kaiwa_json_free> json(detail::get<kaiwa_json *>(kaiwa_event_json, &event));
  return std::string(view(json->text));
}

inline std::string to_json(const kaiwa_event &event, std::error_code &code) noexcept {
  const detail::handle<kaiwa_json, kaiwa_json_free> json(detail::get<kaiwa_json *>(code, kaiwa_event_json, &event));
  return json ? std::string(view(json->text)) : std::string();
}

/** An event that is kept beyond its handler. A copy is the same event, which is freed with the last. */
class event {
 public:
  event() = default;
  explicit event(const kaiwa_event &shown) noexcept : event(kaiwa_event_retain(&shown)) {}

  static event from_json(std::string_view json) {
    return event(detail::get<const kaiwa_event *>(kaiwa_event_from_json, str(json)));
  }
  static event from_json(std::string_view json, std::error_code &code) noexcept {
    return event(detail::get<const kaiwa_event *>(code, kaiwa_event_from_json, str(json)));
  }

  event(const event &other) noexcept : event(kaiwa_event_retain(other.kept_.get())) {}
  event(event &&) noexcept = default;
  event &operator=(event other) noexcept { return kept_.swap(other.kept_), *this; }
  ~event() = default;

  explicit operator bool() const noexcept { return kept_ != nullptr; }
  const kaiwa_event &operator*() const noexcept { return *kept_; }
  const kaiwa_event *operator->() const noexcept { return kept_.get(); }

 private:
  explicit event(const kaiwa_event *owned) noexcept : kept_(owned) {}

  detail::handle<const kaiwa_event, kaiwa_event_release> kept_;
};

/** A message that is put together piece by piece: `draft().text("no ").begin_style(KAIWA_STYLE_BOLD).text("way").end()`. */
class draft {
 public:
  draft() : handle_(detail::get<kaiwa_draft *>(kaiwa_draft_new)) {}
  explicit draft(std::error_code &code) noexcept : handle_(detail::get<kaiwa_draft *>(code, kaiwa_draft_new)) {}

  kaiwa_draft *get() const noexcept { return handle_.get(); }

  draft &clear() { return add(kaiwa_draft_clear); }
  draft &clear(std::error_code &code) noexcept { return add(code, kaiwa_draft_clear); }
  draft &text(std::string_view text) { return add(kaiwa_draft_text, str(text)); }
  draft &text(std::string_view text, std::error_code &code) noexcept { return add(code, kaiwa_draft_text, str(text)); }
  draft &url(std::string_view url) { return add(kaiwa_draft_url, str(url)); }
  draft &url(std::string_view url, std::error_code &code) noexcept { return add(code, kaiwa_draft_url, str(url)); }
  draft &asset(std::string_view id) { return add(kaiwa_draft_asset, str(id)); }
  draft &asset(std::string_view id, std::error_code &code) noexcept { return add(code, kaiwa_draft_asset, str(id)); }
  draft &upload(std::string_view path, std::string_view name = {}, std::string_view mime = {}) {
    return add(kaiwa_draft_upload, str(path), str(name), str(mime));
  }
  draft &upload(std::string_view path, std::string_view name, std::string_view mime, std::error_code &code) noexcept {
    return add(code, kaiwa_draft_upload, str(path), str(name), str(mime));
  }
  draft &mention(std::string_view user, std::string_view text) {
    return add(kaiwa_draft_mention, str(user), str(text));
  }
  draft &mention(std::string_view user, std::string_view text, std::error_code &code) noexcept {
    return add(code, kaiwa_draft_mention, str(user), str(text));
  }
  draft &reply(std::string_view message) { return add(kaiwa_draft_reply, str(message)); }
  draft &reply(std::string_view message, std::error_code &code) noexcept {
    return add(code, kaiwa_draft_reply, str(message));
  }
  /** `rgba` is the colour of the styles that are colours, 0xRRGGBBAA. */
  draft &begin_style(kaiwa_style style, std::uint32_t rgba = 0) {
    return add(kaiwa_draft_begin_style, std::int32_t{style}, rgba);
  }
  draft &begin_style(kaiwa_style style, std::uint32_t rgba, std::error_code &code) noexcept {
    return add(code, kaiwa_draft_begin_style, std::int32_t{style}, rgba);
  }
  draft &begin_link(std::string_view url) { return add(kaiwa_draft_begin_link, str(url)); }
  draft &begin_link(std::string_view url, std::error_code &code) noexcept {
    return add(code, kaiwa_draft_begin_link, str(url));
  }
  draft &end() { return add(kaiwa_draft_end); }
  draft &end(std::error_code &code) noexcept { return add(code, kaiwa_draft_end); }
  draft &json(std::string_view fragment) { return add(kaiwa_draft_json, str(fragment)); }
  draft &json(std::string_view fragment, std::error_code &code) noexcept {
    return add(code, kaiwa_draft_json, str(fragment));
  }

 private:
  template <class Function, class... Arguments>
  draft &add(Function function, Arguments... arguments) {
    return detail::check(function(get(), arguments...)), *this;
  }
  template <class Function, class... Arguments>
  draft &add(std::error_code &code, Function function, Arguments... arguments) noexcept {
    return code = function(get(), arguments...), *this;
  }

  detail::handle<kaiwa_draft, kaiwa_draft_free> handle_;
};

namespace detail {

struct sink {
  virtual ~sink() = default;
  virtual void take(const kaiwa_event &event) = 0;
};

template <class F>
struct sink_of final : sink {
  template <class G>
  explicit sink_of(G &&given) : handler(std::forward<G>(given)) {}
  void take(const kaiwa_event &event) override { handler(event); }
  F handler;
};

/** What a client shares with its callbacks. */
struct shared {
  /** Recursive because a handler that is replaced may do anything in its destructor. */
  std::recursive_mutex mutex;
  /** The event handler; none once the client is freed. */
  std::shared_ptr<sink> current;
  /** Whether it was taken away because it threw. */
  bool stopped = false;
  std::exception_ptr thrown;

  void keep(std::exception_ptr exception) noexcept {
    const std::lock_guard lock(mutex);
    if (!thrown) thrown = std::move(exception);
  }
};

/** The event handler as the C library holds it. */
struct registration {
  kaiwa_client *client;
  std::shared_ptr<detail::shared> shared;
  std::shared_ptr<detail::sink> sink;

  static kaiwa_status make(kaiwa_client *client, const std::shared_ptr<detail::shared> &shared) {
    auto *made = new registration{client, shared, shared->current};
    return kaiwa_client_set_event_handler(client, made, call, destroy);
  }

  static void call(void *self, const kaiwa_event *event) noexcept {
    auto &registered = *static_cast<registration *>(self);
    try {
      registered.sink->take(*event);
    } catch (...) {
      registered.stop();
    }
  }

  /** Without a handler the pump ends after this event, and what is left waits. */
  void stop() noexcept {
    const std::lock_guard lock(shared->mutex);
    shared->keep(std::current_exception());
    if (shared->current != sink) return;
    shared->stopped = true;
    kaiwa_client_set_event_handler(client, nullptr, nullptr, nullptr);
  }

  static void destroy(void *self) noexcept { delete static_cast<registration *>(self); }
};

/** The wakeup handler as the C library holds it. */
template <class F>
struct wakeup {
  std::shared_ptr<detail::shared> shared;
  F handler;

  static void call(void *self) noexcept {
    auto &registered = *static_cast<wakeup *>(self);
    try {
      registered.handler();
    } catch (...) {
      registered.shared->keep(std::current_exception());
    }
  }
  static void destroy(void *self) noexcept { delete static_cast<wakeup *>(self); }
};

template <class F>
struct log {
  F handler;

  static void call(void *self, std::int32_t level, kaiwa_str target, kaiwa_str message) noexcept {
    try {
      static_cast<log *>(self)->handler(level, view(target), view(message));
    } catch (...) {  // nobody is there to be told
    }
  }
  static void destroy(void *self) noexcept { delete static_cast<log *>(self); }
};

struct client_freer {
  std::shared_ptr<detail::shared> shared;

  void operator()(kaiwa_client *client) const noexcept {
    std::shared_ptr<sink> last;
    {
      const std::lock_guard lock(shared->mutex);
      last.swap(shared->current);
    }
    kaiwa_client_free(client);
  }
};

}  // namespace detail

/** Waits without end. */
inline constexpr std::chrono::milliseconds forever{-1};

/** A client: many accounts and one stream of their events. */
class client {
 public:
  client() : client(nullptr) {}
  explicit client(const kaiwa_client_options &options) : client(&options) {}
  explicit client(std::error_code &code) noexcept : client(nullptr, code) {}
  client(const kaiwa_client_options &options, std::error_code &code) noexcept : client(&options, code) {}

  kaiwa_client *get() const noexcept { return handle_.get(); }

  /** Says who is called for events: `void(const kaiwa_event &)`. nullptr is nobody. */
  template <class F, class = detail::if_callback<F>>
  void on_event(F &&handler) const {
    std::error_code code;
    on_event(std::forward<F>(handler), code);
    detail::check(static_cast<kaiwa_status>(code.value()));
  }
  template <class F, class = detail::if_callback<F>>
  void on_event(F &&handler, std::error_code &code) const
      noexcept(std::is_nothrow_constructible_v<std::decay_t<F>, F>) {
    auto next = std::make_shared<detail::sink_of<std::decay_t<F>>>(std::forward<F>(handler));
    code = set_sink(std::move(next));
  }
  void on_event(std::nullptr_t) const { detail::check(set_sink(nullptr)); }
  void on_event(std::nullptr_t, std::error_code &code) const noexcept { code = set_sink(nullptr); }

  /** Says who is called on a thread of the library's when events begin to wait: `void()`, which may only poke a loop. */
  template <class F, class = detail::if_callback<F>>
  void on_wakeup(F &&handler) const {
    std::error_code code;
    on_wakeup(std::forward<F>(handler), code);
    detail::check(static_cast<kaiwa_status>(code.value()));
  }
  template <class F, class = detail::if_callback<F>>
  void on_wakeup(F &&handler, std::error_code &code) const
      noexcept(std::is_nothrow_constructible_v<std::decay_t<F>, F>) {
    using registered = detail::wakeup<std::decay_t<F>>;
    auto *made = new registered{shared(), std::forward<F>(handler)};
    code = kaiwa_client_set_wakeup_handler(get(), made, registered::call, registered::destroy);
  }
  void on_wakeup(std::nullptr_t) const {
    detail::check(kaiwa_client_set_wakeup_handler(get(), nullptr, nullptr, nullptr));
  }
  void on_wakeup(std::nullptr_t, std::error_code &code) const noexcept {
    code = kaiwa_client_set_wakeup_handler(get(), nullptr, nullptr, nullptr);
  }

  /** Runs the event handler for what has happened and says for how many events. Rethrows what a handler threw. */
  std::size_t pump(std::chrono::milliseconds timeout = forever, std::size_t max_events = 0) const {
    std::error_code code;
    const std::size_t count = pump(timeout, max_events, code);
    detail::check(static_cast<kaiwa_status>(code.value()));
    return count;
  }
  /** Not noexcept: what a handler threw is rethrown here too. */
  std::size_t pump(std::chrono::milliseconds timeout, std::size_t max_events, std::error_code &code) const {
    // The handler may free or move this client.
    kaiwa_client *const pumped = get();
    const auto kept = shared();
    std::size_t count = 0;
    code = kaiwa_client_pump(pumped, timeout.count(), max_events, &count);
    rethrow(pumped, kept);
    return count;
  }

  void interrupt() const { detail::check(kaiwa_client_interrupt(get())); }
  void interrupt(std::error_code &code) const noexcept { code = kaiwa_client_interrupt(get()); }
  int wakeup_fd() const { return detail::get<std::int32_t>(kaiwa_client_wakeup_fd, get()); }
  int wakeup_fd(std::error_code &code) const noexcept {
    return detail::get<std::int32_t>(code, kaiwa_client_wakeup_fd, get());
  }
  void network_changed() const { detail::check(kaiwa_client_network_changed(get())); }
  void network_changed(std::error_code &code) const noexcept { code = kaiwa_client_network_changed(get()); }
  void shutdown(std::chrono::milliseconds timeout = forever) const {
    detail::check(kaiwa_client_shutdown(get(), timeout.count()));
  }
  void shutdown(std::chrono::milliseconds timeout, std::error_code &code) const noexcept {
    code = kaiwa_client_shutdown(get(), timeout.count());
  }

 private:
  explicit client(const kaiwa_client_options *options)
      : handle_(detail::get<kaiwa_client *>(kaiwa_client_new, options), {std::make_shared<detail::shared>()}) {}
  client(const kaiwa_client_options *options, std::error_code &code) noexcept
      : handle_(detail::get<kaiwa_client *>(code, kaiwa_client_new, options), {std::make_shared<detail::shared>()}) {}

  const std::shared_ptr<detail::shared> &shared() const noexcept { return handle_.get_deleter().shared; }

  kaiwa_status set_sink(std::shared_ptr<detail::sink> next) const {
    const auto kept = shared();
    const std::lock_guard lock(kept->mutex);
    kept->current.swap(next);
    kept->stopped = false;
    if (!kept->current) return kaiwa_client_set_event_handler(get(), nullptr, nullptr, nullptr);
    return detail::registration::make(get(), kept);
  }

  static void rethrow(kaiwa_client *pumped, const std::shared_ptr<detail::shared> &kept) {
    std::exception_ptr thrown;
    {
      const std::lock_guard lock(kept->mutex);
      if (!kept->thrown) return;
      thrown = std::exchange(kept->thrown, nullptr);
      const bool again = std::exchange(kept->stopped, false) && kept->current;
      if (again) detail::registration::make(pumped, kept);
    }
    std::rethrow_exception(thrown);
  }

  std::unique_ptr<kaiwa_client, detail::client_freer> handle_;
};

/** A filled field of a login form. */
inline kaiwa_login_field field(std::string_view name, std::string_view value) noexcept {
  return {str(name), str(value)};
}

/** Filled fields: `{kaiwa::field("name", name), …}`, or a vector or array of them. It does not own them. */
class fields {
 public:
  fields() = default;
  fields(std::initializer_list<kaiwa_login_field> all) noexcept : size_(all.size()) { first_ = all.begin(); }
  template <class Container, class = decltype(std::declval<const Container &>().data())>
  fields(const Container &all) noexcept : first_(all.data()), size_(all.size()) {}

  const kaiwa_login_field *data() const noexcept { return first_; }
  std::size_t size() const noexcept { return size_; }

 private:
  const kaiwa_login_field *first_ = nullptr;
  std::size_t size_ = 0;
};

/** The number of a request, which exactly one event ends. */
using request = std::uint64_t;

/** An account of a client. */
class account {
 public:
  account(const client &owner, std::string_view protocol, fields form = {})
      : account(detail::get<kaiwa_account *>(kaiwa_account_new, owner.get(), str(protocol), form.data(), form.size())) {}
  account(const client &owner, std::string_view protocol, fields form, std::error_code &code) noexcept
      : account(detail::get<kaiwa_account *>(code, kaiwa_account_new, owner.get(), str(protocol), form.data(),
                                             form.size())) {}

  static account from_json(const client &owner, std::string_view json) {
    return account(detail::get<kaiwa_account *>(kaiwa_account_new_from_json, owner.get(), str(json)));
  }
  static account from_json(const client &owner, std::string_view json, std::error_code &code) noexcept {
    return account(detail::get<kaiwa_account *>(code, kaiwa_account_new_from_json, owner.get(), str(json)));
  }

  kaiwa_account *get() const noexcept { return handle_.get(); }
  std::uint64_t id() const noexcept { return kaiwa_account_id(get()); }
  void *userdata() const noexcept { return kaiwa_account_userdata(get()); }
  bool can_send(kaiwa_event_kind kind) const noexcept { return kaiwa_account_can_send(get(), kind); }

  void set_userdata(void *userdata) const { call(kaiwa_account_set_userdata, userdata); }
  void set_userdata(void *userdata, std::error_code &code) const noexcept {
    code = kaiwa_account_set_userdata(get(), userdata);
  }
  void set_fields(fields form) const { call(kaiwa_account_set_fields, form.data(), form.size()); }
  void set_fields(fields form, std::error_code &code) const noexcept {
    code = kaiwa_account_set_fields(get(), form.data(), form.size());
  }
  void connect() const { call(kaiwa_account_connect); }
  void connect(std::error_code &code) const noexcept { code = kaiwa_account_connect(get()); }
  void disconnect() const { call(kaiwa_account_disconnect); }
  void disconnect(std::error_code &code) const noexcept { code = kaiwa_account_disconnect(get()); }

  /* Each gives the number of its request. */

  request send_text(std::string_view channel, std::string_view text) const {
    return ask<request>(kaiwa_account_send_text, str(channel), str(text));
  }
  request send_text(std::string_view channel, std::string_view text, std::error_code &code) const noexcept {
    return ask<request>(code, kaiwa_account_send_text, str(channel), str(text));
  }
  request send_draft(std::string_view channel, const kaiwa::draft &content) const {
    return ask<request>(kaiwa_account_send_draft, str(channel), content.get());
  }
  request send_draft(std::string_view channel, const kaiwa::draft &content, std::error_code &code) const noexcept {
    return ask<request>(code, kaiwa_account_send_draft, str(channel), content.get());
  }
  request edit_message(std::string_view channel, std::string_view message, const kaiwa::draft &content) const {
    return ask<request>(kaiwa_account_edit_message, str(channel), str(message), content.get());
  }
  request edit_message(std::string_view channel, std::string_view message, const kaiwa::draft &content,
                       std::error_code &code) const noexcept {
    return ask<request>(code, kaiwa_account_edit_message, str(channel), str(message), content.get());
  }
  request remove_message(std::string_view channel, std::string_view message) const {
    return ask<request>(kaiwa_account_remove_message, str(channel), str(message));
  }
  request remove_message(std::string_view channel, std::string_view message, std::error_code &code) const noexcept {
    return ask<request>(code, kaiwa_account_remove_message, str(channel), str(message));
  }
  request react(std::string_view channel, std::string_view message, std::string_view emoji, bool on) const {
    return ask<request>(kaiwa_account_react, str(channel), str(message), str(emoji), on);
  }
  request react(std::string_view channel, std::string_view message, std::string_view emoji, bool on,
                std::error_code &code) const noexcept {
    return ask<request>(code, kaiwa_account_react, str(channel), str(message), str(emoji), on);
  }
  request mark_read(std::string_view channel, std::string_view message) const {
    return ask<request>(kaiwa_account_mark_read, str(channel), str(message));
  }
  request mark_read(std::string_view channel, std::string_view message, std::error_code &code) const noexcept {
    return ask<request>(code, kaiwa_account_mark_read, str(channel), str(message));
  }
  request set_typing(std::string_view channel, bool typing) const {
    return ask<request>(kaiwa_account_set_typing, str(channel), typing);
  }
  request set_typing(std::string_view channel, bool typing, std::error_code &code) const noexcept {
    return ask<request>(code, kaiwa_account_set_typing, str(channel), typing);
  }
  request request_history(std::string_view channel, std::string_view before, std::uint32_t limit) const {
    return ask<request>(kaiwa_account_request_history, str(channel), str(before), limit);
  }
  request request_history(std::string_view channel, std::string_view before, std::uint32_t limit,
                          std::error_code &code) const noexcept {
    return ask<request>(code, kaiwa_account_request_history, str(channel), str(before), limit);
  }
  request join_channel(std::string_view channel, std::string_view key = {}) const {
    return ask<request>(kaiwa_account_join_channel, str(channel), str(key));
  }
  request join_channel(std::string_view channel, std::string_view key, std::error_code &code) const noexcept {
    return ask<request>(code, kaiwa_account_join_channel, str(channel), str(key));
  }
  request leave_channel(std::string_view channel) const {
    return ask<request>(kaiwa_account_leave_channel, str(channel));
  }
  request leave_channel(std::string_view channel, std::error_code &code) const noexcept {
    return ask<request>(code, kaiwa_account_leave_channel, str(channel));
  }
  request switch_channel(std::string_view channel) const {
    return ask<request>(kaiwa_account_switch_channel, str(channel));
  }
  request switch_channel(std::string_view channel, std::error_code &code) const noexcept {
    return ask<request>(code, kaiwa_account_switch_channel, str(channel));
  }
  request create_channel(std::string_view name, kaiwa_channel_type type, std::string_view parent,
                         bool is_public) const {
    return ask<request>(kaiwa_account_create_channel, str(name), std::int32_t{type}, str(parent), is_public);
  }
  request create_channel(std::string_view name, kaiwa_channel_type type, std::string_view parent, bool is_public,
                         std::error_code &code) const noexcept {
    return ask<request>(code, kaiwa_account_create_channel, str(name), std::int32_t{type}, str(parent), is_public);
  }
  request remove_member(std::string_view channel, std::string_view user) const {
    return ask<request>(kaiwa_account_remove_member, str(channel), str(user));
  }
  request remove_member(std::string_view channel, std::string_view user, std::error_code &code) const noexcept {
    return ask<request>(code, kaiwa_account_remove_member, str(channel), str(user));
  }
  request send_json(std::string_view json) const { return ask<request>(kaiwa_account_send_json, str(json)); }
  request send_json(std::string_view json, std::error_code &code) const noexcept {
    return ask<request>(code, kaiwa_account_send_json, str(json));
  }
  /** `until` is counted from 1970-01-01 00:00 UTC; 0 is for ever. */
  request ban_member(std::string_view channel, std::string_view user, std::chrono::milliseconds until,
                     std::string_view reason = {}) const {
    return ask<request>(kaiwa_account_ban_member, str(channel), str(user), until.count(), str(reason));
  }
  request ban_member(std::string_view channel, std::string_view user, std::chrono::milliseconds until,
                     std::string_view reason, std::error_code &code) const noexcept {
    return ask<request>(code, kaiwa_account_ban_member, str(channel), str(user), until.count(), str(reason));
  }
  /* What is known at this moment. */

  kaiwa::state state() const { return kaiwa::state(ask<kaiwa_state *>(kaiwa_account_state)); }
  kaiwa::state state(std::error_code &code) const noexcept {
    return kaiwa::state(ask<kaiwa_state *>(code, kaiwa_account_state));
  }
  kaiwa::capabilities capabilities() const {
    return kaiwa::capabilities(ask<kaiwa_capabilities *>(kaiwa_account_capabilities));
  }
  kaiwa::capabilities capabilities(std::error_code &code) const noexcept {
    return kaiwa::capabilities(ask<kaiwa_capabilities *>(code, kaiwa_account_capabilities));
  }
  channel_list channels() const { return channel_list(ask<kaiwa_channel_list *>(kaiwa_account_channels)); }
  channel_list channels(std::error_code &code) const noexcept {
    return channel_list(ask<kaiwa_channel_list *>(code, kaiwa_account_channels));
  }
  member_list members(std::string_view channel = {}) const {
    return member_list(ask<kaiwa_member_list *>(kaiwa_account_members, str(channel)));
  }
  member_list members(std::string_view channel, std::error_code &code) const noexcept {
    return member_list(ask<kaiwa_member_list *>(code, kaiwa_account_members, str(channel)));
  }
  message_list messages(std::string_view channel, std::size_t max = 0) const {
    return message_list(ask<kaiwa_message_list *>(kaiwa_account_messages, str(channel), max));
  }
  message_list messages(std::string_view channel, std::size_t max, std::error_code &code) const noexcept {
    return message_list(ask<kaiwa_message_list *>(code, kaiwa_account_messages, str(channel), max));
  }
  asset_list assets(std::string_view channel = {}) const {
    return asset_list(ask<kaiwa_asset_list *>(kaiwa_account_assets, str(channel)));
  }
  asset_list assets(std::string_view channel, std::error_code &code) const noexcept {
    return asset_list(ask<kaiwa_asset_list *>(code, kaiwa_account_assets, str(channel)));
  }

 private:
  explicit account(kaiwa_account *owned) noexcept : handle_(owned) {}

  template <class Function, class... Arguments>
  void call(Function function, Arguments... arguments) const {
    detail::check(function(get(), arguments...));
  }
  template <class Result, class Function, class... Arguments>
  Result ask(Function function, Arguments... arguments) const {
    return detail::get<Result>(function, get(), arguments...);
  }
  template <class Result, class Function, class... Arguments>
  Result ask(std::error_code &code, Function function, Arguments... arguments) const noexcept {
    return detail::get<Result>(code, function, get(), arguments...);
  }

  detail::handle<kaiwa_account, kaiwa_account_free> handle_;
};

/**
 * Says who is called for lines of the log up to a level: `void(std::int32_t level, std::string_view target, std::string_view
 * message)`, on any thread. What it throws is dropped. There is one for the whole process.
 */
template <class F, class = detail::if_callback<F>>
void on_log(std::int32_t max_level, F &&handler) {
  using registered = detail::log<std::decay_t<F>>;
  auto *made = new registered{std::forward<F>(handler)};
  detail::check(kaiwa_set_log_handler(max_level, made, registered::call, registered::destroy));
}

/** Nobody is called for lines of the log any more. */
inline void on_log(std::nullptr_t) { detail::check(kaiwa_set_log_handler(0, nullptr, nullptr, nullptr)); }

}  // namespace kaiwa

#endif  /* KAIWA_HPP */

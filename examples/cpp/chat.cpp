// Signs in, prints what is said, sends what is typed. Usage: chat PROTOCOL [FIELD=VALUE]..., for example chat mock name=ann
#include <kaiwa.hpp>

#include <cstdlib>
#include <functional>
#include <iostream>
#include <string>
#include <thread>
#include <vector>

// What the handler throws comes out of the pump: here, that there will be no other attempt to connect.
static void on_event(const kaiwa_event &event) {
  switch (event.kind) {
    case KAIWA_EVENT_STATUS_CONNECTED:
      std::cout << "* connected" << std::endl;
      break;
    case KAIWA_EVENT_STATUS_LOST:
      std::cout << "* lost: " << event.error->message << std::endl;
      if (!event.has_retry_in) throw kaiwa::error(*event.error);
      break;
    case KAIWA_EVENT_STATUS_FAILED:
      std::cout << "* not sent: " << event.error->message << std::endl;
      break;
    case KAIWA_EVENT_CHAT_NEW:
      std::cout << '<' << (event.message->sender_id == "" ? "me" : event.message->sender_id.data) << "> " << event.message->text << std::endl;
      break;
    default:
      break;
  }
}

// Sending works from any thread; the pump has the main one.
static void read_lines(const kaiwa::client &client, const kaiwa::account &account) {
  for (std::string line; std::getline(std::cin, line);) {
    std::error_code code;
    if (!line.empty()) account.send_text({}, line, code);
    if (code) std::cerr << "send: " << kaiwa::last_error() << '\n';
  }
  std::error_code ignored;
  client.shutdown(std::chrono::seconds(5), ignored);  // then the pump comes to its end
}

int main(int argc, char **argv) try {
  std::vector<kaiwa_login_field> form;
  for (int i = 2; i < argc; i++) {
    const std::string_view filled = argv[i];
    const auto equals = filled.find('=');
    if (equals == filled.npos) throw std::invalid_argument("write FIELD=VALUE, not " + std::string(filled));
    form.push_back(kaiwa::field(filled.substr(0, equals), filled.substr(equals + 1)));
  }
  const kaiwa::client client;
  client.on_event(on_event);
  const kaiwa::account account(client, argc > 1 ? argv[1] : "mock", form);
  account.connect();
  std::thread reader(read_lines, std::cref(client), std::cref(account));
  try {
    for (std::error_code code; !code;) client.pump(kaiwa::forever, 0, code);
  } catch (const kaiwa::error &refused) {
    std::cerr << refused.what() << std::endl;
    std::_Exit(1);  // the reader waits for a line
  }
  reader.join();
} catch (const std::exception &error) {
  std::cerr << error.what() << '\n';
  return 1;
}

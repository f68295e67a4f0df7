// context.h: what every subcommand is handed: where the daemon is, how to print, how to fail.

#pragma once

#include <functional>
#include <iosfwd>
#include <string>
#include <string_view>
#include <vector>

#include "base/json.h"
#include "gamekeeper/result.h"
#include "net/client.h"

namespace gk::cli {

/// Options before the subcommand.
struct GlobalOptions {
  std::string data_dir;  ///< Of the daemon; the socket is in it.
  std::string socket;    ///< Overrides <data_dir>/gamekeeper.sock.
  bool json = false;     ///< Print the API's JSON instead of text for people.
};

/// Talks to the daemon over its Unix socket and prints the answers.
/// Thread: compatible. Blocks.
class Context {
 public:
  Context(GlobalOptions options, std::ostream& out, std::ostream& err);

  /// Calls the API. A problem answer becomes an Error whose message is its detail.
  /// Errors: unavailable (no daemon: says how to start one), and those of the answer.
  Result<JsonValue> get(const std::string& path);
  Result<JsonValue> send(net::Method method, const std::string& path, const std::string& body,
                         const net::Headers& headers = {});
  Result<JsonValue> post(const std::string& path, const std::string& body = "{}") {
    return send(net::Method::post, path, body);
  }
  /// The body as it came, for --json and text formats.
  Result<net::Response> raw(const net::ClientRequest& request);

  /// Prints `error` as one line on stderr; returns its exit code.
  int fail(const Error& error);
  /// With --json: prints `value` and returns true.
  bool printed_json(const JsonValue& value);

  std::ostream& out() { return out_; }
  std::ostream& err() { return err_; }
  const GlobalOptions& options() const { return options_; }
  std::string socket_path() const;

 private:
  GlobalOptions options_;
  std::ostream& out_;
  std::ostream& err_;
  net::Client client_;
};

/// Text of a member: strings as they are (controls escaped), numbers plain, null and absent as "-".
std::string text_of(const JsonValue& object, std::string_view key);
/// Number of a member; nullopt when it is absent or not a number.
std::optional<double> number_of(const JsonValue& object, std::string_view key);
/// The items of a list answer.
const JsonValue::Array& items_of(const JsonValue& list);
/// Member `key` of an answer; empty when it is no array.
const JsonValue::Array& list_of(const JsonValue& object, std::string_view key);

/// Whether `name` may name a macro or a profile: [a-z0-9_-]{1,64}.
/// Errors: invalid_argument (says what was expected and what came).
Result<void> check_name(const std::string& name);

/// "3 s", "4 min 10 s", "2 h 5 min".
std::string human_duration(double seconds);

/// Prints rows under headings with aligned columns. Shape: each row has as many cells as headings.
void print_table(std::ostream& out, const std::vector<std::string>& headings,
                 const std::vector<std::vector<std::string>>& rows);

}  // namespace gk::cli

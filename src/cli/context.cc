#include "cli/context.h"

#include <algorithm>
#include <cmath>
#include <ostream>

#include "base/error_codes.h"
#include "base/json_writer.h"
#include "base/utf8.h"
#include "sys/files.h"
#include "sys/paths.h"

namespace gk::cli {
namespace {

/// The code behind a problem. Types without a code of their own (macro-blocked, misdirected) go by
/// their status, so that a refusal does not end with the exit code of an internal error.
Errc code_of(std::string_view problem_type, unsigned status) {
  for (const ErrorCode& row : kErrorCodes) {
    if (row.problem_type == problem_type) return row.code;
  }
  switch (status) {
    case 401: return Errc::unauthenticated;
    case 408: return Errc::deadline_exceeded;
    case 409:
    case 412:
    case 422:
    case 428: return Errc::failed_precondition;
    case 413: return Errc::resource_exhausted;
    case 424: return Errc::unavailable;
    default: return status < 500 ? Errc::invalid_argument : Errc::internal;
  }
}

/// The problem answer as an error: its detail, and each complaint about a field.
Error error_of(const net::Response& response) {
  const auto body = parse_json(response.body);
  if (!body || !body->is_object()) {
    return {Errc::internal, "the daemon answered with status " + std::to_string(response.status)};
  }
  std::string message = text_of(*body, "detail");
  if (const JsonValue* errors = body->find("errors"); errors != nullptr && errors->is_array()) {
    for (const JsonValue& item : errors->as_array()) {
      message += "\n  " + text_of(item, "path") + ": " + text_of(item, "message");
    }
  }
  return {code_of(text_of(*body, "type"), static_cast<unsigned>(response.status)),
          std::move(message)};
}

std::size_t width_of(std::string_view text) {
  return static_cast<std::size_t>(std::count_if(text.begin(), text.end(), [](char c) {
    return (static_cast<unsigned char>(c) & 0xc0) != 0x80;
  }));
}

}  // namespace

Context::Context(GlobalOptions options, std::ostream& out, std::ostream& err)
    : options_(std::move(options)),
      out_(out),
      err_(err),
      client_(net::Target{.unix_path = socket_path()}, Millis(35'000)) {}

std::string Context::socket_path() const {
  return options_.socket.empty() ? sys::socket_path(options_.data_dir) : options_.socket;
}

Result<net::Response> Context::raw(const net::ClientRequest& request) {
  auto response = client_.call(request);
  if (!response && response.error().code == Errc::unavailable) {
    return Error{Errc::unavailable, "no daemon answers at " + socket_path() +
                                        "; start one with gamekeeperd, or name its data folder "
                                        "with --data"};
  }
  return response;
}

Result<JsonValue> Context::get(const std::string& path) { return send(net::Method::get, path, ""); }

Result<JsonValue> Context::send(net::Method method, const std::string& path,
                                const std::string& body, const net::Headers& headers) {
  net::ClientRequest request{
      .method = method, .path_and_query = "/api/v1" + path, .headers = headers};
  if (!body.empty()) {
    request.headers.emplace_back("Content-Type", "application/json");
    request.body = body;
  }
  auto response = raw(request);
  if (!response) return response.error();
  // A failed health check answers 503 with a body that is no problem: it is an answer all the same.
  if (response->status >= 400 && response->content_type != "application/json") {
    return error_of(*response);
  }
  if (response->body.empty()) return JsonValue();
  return parse_json(response->body, {.max_bytes = 16U << 20, .max_values = 4'000'000});
}

namespace {

// The daemon names what a client of the API would send; here people type commands.
std::string in_our_words(std::string message) {
  constexpr std::string_view kConfirm = "\"confirmed\": true";
  if (const auto at = message.find(kConfirm); at != std::string::npos) {
    message.replace(at, kConfirm.size(), "--confirmed; in the console a ! before it");
  }
  constexpr std::string_view kPost = "POST /api/macro-safety/quarantine/", kLift = "/lift";
  const auto at = message.find(kPost);
  const auto end = at == std::string::npos ? at : message.find(kLift, at);
  if (end == std::string::npos) return message;
  const std::string id = message.substr(at + kPost.size(), end - at - kPost.size());
  return message.replace(at, end + kLift.size() - at, "gamekeeper macro quarantine lift " + id);
}

}  // namespace

int Context::fail(const Error& error) {
  err_ << "gamekeeper: " << in_our_words(error.message) << "\n";
  return error_code(error.code).exit_code;
}

bool Context::printed_json(const JsonValue& value) {
  if (options_.json) out_ << to_json(value) << "\n";
  return options_.json;
}

std::string text_of(const JsonValue& object, std::string_view key) {
  const JsonValue* value = object.find(key);
  if (value == nullptr || value->is_null()) return "-";
  if (value->is_string()) return printable(value->as_string());
  if (value->is_number()) return format_number(std::round(value->as_number() * 100) / 100);
  return to_json(*value);
}

std::optional<double> number_of(const JsonValue& object, std::string_view key) {
  const JsonValue* value = object.find(key);
  if (value == nullptr || !value->is_number()) return std::nullopt;
  return value->as_number();
}

const JsonValue::Array& list_of(const JsonValue& object, std::string_view key) {
  static const JsonValue::Array kNone;
  const JsonValue* list = object.find(key);
  return list != nullptr && list->is_array() ? list->as_array() : kNone;
}

const JsonValue::Array& items_of(const JsonValue& list) { return list_of(list, "items"); }

Result<void> check_name(const std::string& name) {
  if (sys::is_safe_name(name)) return {};
  return Error{Errc::invalid_argument,
               "expected a name of 1 to 64 of a-z, 0-9, _ and -, got \"" + printable(name) + "\""};
}

std::string human_duration(double seconds) {
  const auto total = static_cast<long>(std::max(0.0, std::floor(seconds)));
  const long hours = total / 3600, minutes = total / 60 % 60, rest = total % 60;
  if (hours > 0) return std::to_string(hours) + " h " + std::to_string(minutes) + " min";
  if (minutes > 0) return std::to_string(minutes) + " min " + std::to_string(rest) + " s";
  return std::to_string(rest) + " s";
}

void print_table(std::ostream& out, const std::vector<std::string>& headings,
                 const std::vector<std::vector<std::string>>& rows) {
  std::vector<std::size_t> widths;
  for (const auto& heading : headings) widths.push_back(width_of(heading));
  for (const auto& row : rows) {
    for (std::size_t i = 0; i < row.size(); ++i) widths[i] = std::max(widths[i], width_of(row[i]));
  }
  const auto print_row = [&](const std::vector<std::string>& row) {
    for (std::size_t i = 0; i < row.size(); ++i) {
      out << row[i];
      if (i + 1 < row.size()) out << std::string(widths[i] - width_of(row[i]) + 2, ' ');
    }
    out << "\n";
  };
  print_row(headings);
  for (const auto& row : rows) print_row(row);
}

}  // namespace gk::cli

#include "notices/rules/frames.h"

#include "base/json.h"
#include "base/json_writer.h"
#include "base/try.h"

namespace gk::notices {
namespace {

constexpr JsonLimits kLimits{.max_depth = 4, .max_bytes = kMaxFrame, .max_values = 256};
// Source of the depth: headers are an object in the frame.

std::string text_in(const JsonValue& from, std::string_view key) {
  const JsonValue* value = from.find(key);
  return value != nullptr && value->is_string() ? value->as_string() : std::string();
}

double number_in(const JsonValue& from, std::string_view key, double fallback) {
  const JsonValue* value = from.find(key);
  return value != nullptr && value->is_number() ? value->as_number() : fallback;
}

bool flag_in(const JsonValue& from, std::string_view key) {
  const JsonValue* value = from.find(key);
  return value != nullptr && value->is_bool() && value->as_bool();
}

Error no_frame() { return {Errc::invalid_argument, "not a frame of the notifier"}; }

}  // namespace

std::string post_frame(const PostRequest& request) {
  std::string out;
  JsonWriter w(out);
  w.begin_object().field("post", request.number).field("url", request.url);
  w.key("headers").begin_object();
  for (const auto& [name, value] : request.headers) w.field(name, value);
  w.end_object().field("body", request.body).end_object();
  return out + "\n";
}

Result<PostRequest> read_post_frame(std::string_view line) {
  GK_TRY(const JsonValue frame, parse_json(line, kLimits));
  const JsonValue* number = frame.find("post");
  const JsonValue* headers = frame.find("headers");
  if (number == nullptr || !number->is_int() || headers == nullptr || !headers->is_object()) {
    return no_frame();
  }
  PostRequest out;
  out.number = static_cast<std::uint64_t>(number->as_int());
  out.url = text_in(frame, "url");
  out.body = text_in(frame, "body");
  for (const auto& [name, value] : headers->as_object()) {
    if (value.is_string()) out.headers.emplace_back(name, value.as_string());
  }
  return out;
}

std::string ready_frame(std::string_view confinement) {
  std::string out;
  JsonWriter(out)
      .begin_object()
      .field("ready", true)
      .field("confinement", confinement)
      .end_object();
  return out + "\n";
}

std::string result_frame(std::uint64_t number, const Attempt& a) {
  std::string out;
  JsonWriter w(out);
  w.begin_object().field("done", number).field("status", a.status).field("error", a.error);
  w.field("error_kind", a.error_kind).field("retry_after_s", a.retry_after_s);
  w.field("global", a.global).field("duration_ms", a.duration_ms).end_object();
  return out + "\n";
}

Result<NotifierFrame> read_notifier_frame(std::string_view line) {
  GK_TRY(const JsonValue frame, parse_json(line, kLimits));
  NotifierFrame out;
  out.ready = flag_in(frame, "ready");
  out.confinement = text_in(frame, "confinement");
  if (out.ready) return out;
  const JsonValue* number = frame.find("done");
  if (number == nullptr || !number->is_int()) return no_frame();
  out.number = static_cast<std::uint64_t>(number->as_int());
  out.attempt.status = static_cast<int>(number_in(frame, "status", 0));
  out.attempt.error = text_in(frame, "error");
  out.attempt.error_kind = text_in(frame, "error_kind");
  out.attempt.retry_after_s = number_in(frame, "retry_after_s", -1);
  out.attempt.global = flag_in(frame, "global");
  out.attempt.duration_ms = number_in(frame, "duration_ms", 0);
  return out;
}

Result<bool> LineBuffer::next(std::string& line) {
  const std::size_t end = bytes_.find('\n');
  if (end > kMaxFrame && bytes_.size() > kMaxFrame) {
    return Error{Errc::resource_exhausted, "a line is longer than 128 KiB"};
  }
  if (end == std::string::npos) return false;
  line.assign(bytes_, 0, end);
  bytes_.erase(0, end + 1);
  return true;
}

void read_retry_after(std::string_view body, Attempt& attempt) {
  const auto parsed = parse_json(body, kLimits);
  if (!parsed) return;
  attempt.retry_after_s = number_in(*parsed, "retry_after", attempt.retry_after_s);
  attempt.global = attempt.global || flag_in(*parsed, "global");
}

}  // namespace gk::notices

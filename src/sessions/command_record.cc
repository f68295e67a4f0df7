// The JSON of a command's record, written and read back.
#include "base/error_codes.h"
#include "sessions/command_service.h"

namespace gk::sessions {
namespace {

std::string_view state_text(CommandState state) {
  switch (state) {
    case CommandState::running: return "running";
    case CommandState::succeeded: return "succeeded";
    case CommandState::failed: break;
  }
  return "failed";
}

Errc code_of(std::string_view name) {
  for (const ErrorCode& row : kErrorCodes) {
    if (errc_name(row.code) == name) return row.code;
  }
  return Errc::internal;
}

}  // namespace

std::string command_json(const CommandRecord& r) {
  std::string out;
  JsonWriter w(out);
  w.begin_object().field("command_id", r.id).field("type", r.type).field("action", r.action);
  w.field("state", state_text(r.state)).field("by", r.by);
  w.field("submitted_at", r.submitted).field("ended_at", r.ended);
  w.key("request").raw(r.request_json.empty() ? "{}" : r.request_json).key("result");
  if (r.result_json.empty()) {
    w.null();
  } else {
    w.raw(r.result_json);
  }
  w.key("error");
  if (r.error) {
    w.begin_object().field("code", errc_name(r.error->code));
    w.field("type", error_code(r.error->code).problem_type);
    w.field("detail", r.error->message).end_object();
  } else {
    w.null();
  }
  w.end_object();
  return out;
}

Result<CommandRecord> read_command_record(std::string_view json) {
  const auto parsed = parse_json(json);
  const auto text = [](const JsonValue* from, std::string_view key) {
    const JsonValue* value = from == nullptr ? nullptr : from->find(key);
    return value != nullptr && value->is_string() ? value->as_string() : std::string();
  };
  const JsonValue* root = parsed ? &*parsed : nullptr;
  CommandRecord r;
  r.id = text(root, "command_id");
  const auto submitted = parse_rfc3339(text(root, "submitted_at"));
  if (r.id.empty() || !submitted) {
    return Error{Errc::data_loss,
                 "a stored command is damaged: " + std::string(json.substr(0, 80))};
  }
  r.type = text(root, "type");
  r.action = text(root, "action");
  r.by = text(root, "by");
  r.submitted = *submitted;
  if (const auto ended = parse_rfc3339(text(root, "ended_at"))) r.ended = *ended;
  if (const JsonValue* request = root->find("request")) r.request_json = to_json(*request);
  const JsonValue* result = root->find("result");
  if (result != nullptr && !result->is_null()) r.result_json = to_json(*result);
  const std::string state = text(root, "state");
  r.state = state == "succeeded" ? CommandState::succeeded : CommandState::failed;
  const JsonValue* error = root->find("error");
  if (error != nullptr && error->is_object()) {
    r.error = Error{code_of(text(error, "code")), text(error, "detail")};
  }
  if (state == "running") {
    r.error = Error{Errc::cancelled, "the daemon ended while it ran"};
    r.ended = r.submitted;
  }
  return r;
}

}  // namespace gk::sessions

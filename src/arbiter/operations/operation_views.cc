// What callers see of operations.
#include <algorithm>

#include "arbiter/operations/operation_active.h"
#include "base/json_writer.h"

namespace gk::arbiter {
namespace {

void write(JsonWriter& w, const OperationView& view) {
  w.begin_object().field("id", std::to_string(view.id.value)).field("kind", view.kind);
  w.field("resource", view.resource).field("priority", static_cast<int>(view.priority));
  w.field("state", view.state).field("reason", view.reason).key("merged_into");
  if (view.merged_into) {
    w.value(std::to_string(view.merged_into->value));
  } else {
    w.null();
  }
  w.field("steps_run", view.steps_run).field("by", view.by);
  w.field("submitted_at", view.submitted_at).field("started_at", view.started_at);
  w.field("ended_at", view.ended_at).end_object();
}

}  // namespace

OperationView OperationService::view_of(const Active& active, std::optional<WallTime> ended) {
  constexpr std::string_view kNames[] = {"waiting", "waiting", "running",
                                         "undoing", "merged",  "ended"};
  OperationView view;
  view.id = active.id;
  view.kind = active.request.kind;
  view.resource = active.request.resource;
  view.by = active.request.by.name;
  view.priority = active.request.priority;
  view.state = kNames[static_cast<std::size_t>(active.state)];
  if (active.state == State::waiting) view.reason = "for the operations that it conflicts with";
  if (active.state == State::locking) view.reason = "for a file or setting that another changes";
  view.merged_into = active.merged_into;
  view.steps_run = active.steps_run;
  view.submitted_at = active.submitted_at;
  view.started_at = active.started_at;
  view.ended_at = ended;
  return view;
}

std::string OperationService::list_json() const {
  std::string out;
  JsonWriter w(out);
  w.begin_object().key("items").begin_array();
  for (const auto& [id, active] : active_) write(w, view_of(*active, std::nullopt));
  for (auto ended = ended_.rbegin(); ended != ended_.rend(); ++ended) write(w, (*ended)->view);
  w.end_array().key("next_cursor").null().field("stuck", stuck_.size());
  w.field("locked_resources", locks_.resources()).end_object();
  return out;
}

Result<std::string> OperationService::one_json(OperationId id) const {
  std::string out;
  JsonWriter w(out);
  if (const auto found = active_.find(id); found != active_.end()) {
    write(w, view_of(*found->second, std::nullopt));
    return out;
  }
  const auto ended =
      std::find_if(ended_.rbegin(), ended_.rend(), [&](const auto& e) { return e->view.id == id; });
  if (ended == ended_.rend()) return Error{Errc::not_found, "no such operation"};
  write(w, (*ended)->view);
  return out;
}

}  // namespace gk::arbiter

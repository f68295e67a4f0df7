// audit_rule.h: what the audit says of a route that changes something.
//
// The router writes the row of a call that succeeded, so that no handler can forget it. Rooms whose
// change and row are one transaction write their own and say so here. Why: docs/decisions/0033.

#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "api/principal.h"
#include "net/http.h"

namespace gk::api {

/// Who writes the row.
enum class AuditBy : std::uint8_t {
  router,  ///< After the handler's answer; the caller gets it once the row is on disk.
  late,    ///< The same, but the answer waits for nothing: stops, and the console.
  room,    ///< The room, with its change.
  nobody,  ///< Nothing is changed, or a machine reports: AuditRule::why.
};

/// What the row holds besides who, when, what and whom.
enum class AuditDetail : std::uint8_t {
  none,
  request,  ///< after: the body. Only of routes whose bodies hold no secret.
  answer,   ///< after: the answer.
  change,   ///< before: what GET of the path gave; after: the answer. Of both what differs.
};

struct AuditRule {
  net::Method method = net::Method::post;
  std::string_view path;  ///< As in Route.
  AuditBy by = AuditBy::nobody;
  std::string_view action;  ///< "game.change": noun, dot, verb. Empty for room and nobody.
  /// Whose name or id is the target: a parameter of the path, else a member of the answer, else one
  /// of the body. Empty: no target.
  std::string_view target;
  AuditDetail detail = AuditDetail::none;
  std::string_view
      keep;  ///< Members of the body for AuditDetail::request, apart by spaces; empty: all.
  std::string_view unless;  ///< No row when the body has this member: a macro acts, not a person.
  std::string_view why;  ///< For room and nobody: where the row comes from, or why there is none.
};

/// One call that succeeded.
struct AuditAct {
  std::shared_ptr<const Principal> by;
  std::string action, target;
  std::optional<std::string> before, after;  ///< JSON, without secrets.
  std::string correlation_id;
};

/// Appends a row; `done` on the loop once it is on disk, or could not be written (which the sink
/// has said in the log by then). Empty: no one waits.
using AuditSink = std::function<void(AuditAct act, std::function<void()> done)>;

/// Longest JSON that is kept in a row; a longer one is kept as {"bytes":n,"too_long":true}. Source:
/// chosen: the largest settings of a game are below 3 KiB.
inline constexpr std::size_t kMaxAuditDetail = 4096;

/// The members of the objects `before` and `after` that differ; both whole when either is no
/// object.
std::pair<std::string, std::string> differing_members(const std::string& before,
                                                      const std::string& after);

/// `json` or, when it is too long, how long it is.
std::string audit_detail(std::string json);

}  // namespace gk::api

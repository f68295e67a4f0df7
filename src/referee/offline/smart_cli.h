// smart_cli.h: the published SmartAntiCheat sets over vectors, one JSON object a line.
//
// For who migrates and wants to see that the sets are the same to the last digit. Unsafe rules:
// rules/smart.h.

#pragma once

#include <istream>
#include <ostream>
#include <span>
#include <string>
#include <string_view>

#include "gamekeeper/result.h"

namespace gk::referee {

/// Judges one vector line. ts: {i, now, opt, ctx, mv} to {i, adj, conf0, res}; cs: {i, dur, w, h,
/// moves, items, ctx} to {i, base, adj, res}. Other members are ignored.
/// Errors: invalid_argument (not JSON, or a member is missing or of the wrong type).
Result<std::string> smart_line(std::string_view line, bool csharp);

/// `smart --rules ts|cs FILE|-`. Exit code: 0, 1 (a malformed line, or the file cannot be read),
/// 2 (usage).
int smart_main(std::span<const std::string> arguments, std::istream& in, std::ostream& out,
               std::ostream& error);

}  // namespace gk::referee

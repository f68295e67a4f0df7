local m = {__concat = function(a) while true do end end}
local x = setmetatable({}, m) .. "a"

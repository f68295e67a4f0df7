local m = {}
m.__tostring = function(x) return tostring(x) end
while true do pcall(tostring, setmetatable({}, m)) end

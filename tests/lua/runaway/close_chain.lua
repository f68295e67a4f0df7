local function again()
  local c <close> = setmetatable({}, {__close = again})
  while true do end
end
again()

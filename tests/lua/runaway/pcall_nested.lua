local function f() pcall(f) while true do pcall(error) end end
f()

package dtype

// isX87: long double is the 80-bit extended format.
const isX87 = true

/** Where a node takes which message. */
export const paths = {
  commit: "/v1/commit",
  sign: "/v1/sign",
  preceding: "/v1/preceding",
  ceremony: "/v1/ceremony",
  status: "/v1/status",
} as const;
